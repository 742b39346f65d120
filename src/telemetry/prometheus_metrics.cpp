#include "telemetry/prometheus_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <sstream>

#include "record/outcome.h"
#include "record/request_times.h"
#include "slo/slo_metrics.h"
#include "telemetry/histogram_bounds.h"
#include "telemetry/key_metrics.h"
#include "telemetry/metric_series.h"
#include "telemetry/state_metrics.h"
#include "trace/task_counters.h"

namespace qaio {
namespace {

using Counters = MetricSeries<prometheus::Counter>;
using Histograms = MetricSeries<prometheus::Histogram>;
using Bounds = Histograms::Bounds;

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

template <typename Array>
Bounds bounds(const Array& usual, const std::vector<double>& more) {
  Bounds all(usual.begin(), usual.end());
  all.insert(all.end(), more.begin(), more.end());
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

Bounds gap_bounds() {
  Bounds all;
  for (const int64_t ns : kGapBoundsNs) all.push_back(seconds(ns));
  return all;
}

std::string_view status_class(int status) {
  constexpr std::string_view kClasses[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
  return status >= 100 && status < 600 ? kClasses[status / 100 - 1] : "other";
}

// A path that is no route is whatever a client thought of.
std::string_view route_of(const RequestRecord& record) {
  return record.routed ? std::string_view(record.path) : "other";
}

template <typename Count>
void observe_stages(const StageLane& lane, Count count) {
  for (size_t i = 0; i < kStageCount; ++i) {
    const auto stage = static_cast<Stage>(i);
    if (const auto ns = stage_time(lane, stage)) count(stage_name(stage), seconds(*ns));
  }
  count("unattributed", seconds(lane.unattributed_ns()));
}

}  // namespace

struct PrometheusMetrics::Impl {
  explicit Impl(const std::vector<double>& thresholds_s)
      : durations(bounds(kDurationBoundsS, thresholds_s)),
        first_tokens(bounds(kFirstTokenBoundsS, thresholds_s)),
        short_times(bounds(kStageBoundsS, thresholds_s)) {}

  void add(const RequestRecord& record);
  void add_task(const RequestRecord& record, const TaskRecord& task);
  void add_tokens(const RequestRecord& record, const TaskRecord& task);

  const Bounds durations;
  const Bounds first_tokens;
  const Bounds short_times;
  prometheus::Registry registry;

  Counters requests{registry, "qaio_requests_total", "Requests that ended.", {"route", "status"}};
  Counters outcomes{registry,
                    "qaio_request_outcomes_total",
                    "Requests that ended, by what became of them; without those that only look.",
                    {"route", "outcome"}};
  Counters errors{
      registry, "qaio_errors_total", "Requests that ended with an error, by its code.", {"code"}};
  Counters tasks{registry,
                 "qaio_tasks_total",
                 "Tasks that ended, by the reason; \"error\" if they failed.",
                 {"task", "reason"}};
  Counters prompt_tokens{
      registry, "qaio_prompt_tokens_total", "Tokens of prompts, cached ones included.", {"task"}};
  Counters cached_tokens{registry,
                         "qaio_cached_prompt_tokens_total",
                         "Tokens of prompts that the prefix cache held.",
                         {"task"}};
  Counters generated_tokens{
      registry, "qaio_generated_tokens_total", "Tokens drawn, end tokens included.", {"task"}};
  Counters questions{registry,
                     "qaio_questions_total",
                     "Questions scored, each permutation counted; one of a classification.",
                     {"task"}};

  Histograms request_duration{registry,
                              "qaio_request_duration_seconds",
                              "First byte of a request to the last of its answer; requests that "
                              "ran a task.",
                              {"route"},
                              durations};
  Histograms request_stage{registry,
                           "qaio_request_stage_seconds",
                           "Stages of a request itself; requests that ran a task.",
                           {"stage"},
                           short_times};
  Histograms task_duration{registry,
                           "qaio_task_duration_seconds",
                           "A task, from its prompt to its result.",
                           {"task"},
                           durations};
  Histograms task_stage{
      registry, "qaio_task_stage_seconds", "Stages of a task.", {"task", "stage"}, short_times};
  Histograms queue{registry,
                   "qaio_queue_seconds",
                   "A task's submission to its first step.",
                   {"task"},
                   short_times};
  Histograms prefill{registry,
                     "qaio_prefill_seconds",
                     "A task's first step to its prompt being computed.",
                     {"task"},
                     short_times};
  Histograms decode{registry,
                    "qaio_decode_seconds",
                    "A task's prompt being computed to its last token.",
                    {"task"},
                    short_times};
  Histograms first_token{registry,
                         "qaio_time_to_first_token_seconds",
                         "First byte of a request to a task's first token.",
                         {"task"},
                         first_tokens};
  Histograms inter_token{registry,
                         "qaio_inter_token_seconds",
                         "Between two consecutive tokens of a task.",
                         {"task"},
                         gap_bounds()};
  Histograms client_time{registry,
                         "qaio_client_seconds",
                         "What requests took beside the server, by what their clients said.",
                         {"part"},
                         short_times};
};

void PrometheusMetrics::Impl::add(const RequestRecord& record) {
  requests.of(route_of(record), status_class(record.status)).Increment();
  if (!only_observes(record)) {
    outcomes.of(route_of(record), outcome_name(outcome_of(record))).Increment();
  }
  if (!record.error_code.empty()) errors.of(record.error_code).Increment();
  // A refusal or a probe takes microseconds: among the times it would only hide the slow ones.
  if (record.tasks.empty()) return;
  request_duration.of(route_of(record)).Observe(seconds(record.lane.wall_ns()));
  observe_stages(record.lane, [&](std::string_view stage, double time_s) {
    request_stage.of(stage).Observe(time_s);
  });
  for (const TaskRecord& task : record.tasks) add_task(record, task);
}

void PrometheusMetrics::Impl::add_task(const RequestRecord& record, const TaskRecord& task) {
  const std::string_view reason = task.finish_reason;
  tasks.of(task.task, reason.empty() ? "error" : reason).Increment();
  task_duration.of(task.task).Observe(seconds(task.lane.wall_ns()));
  observe_stages(task.lane, [&](std::string_view stage, double time_s) {
    task_stage.of(task.task, stage).Observe(time_s);
  });
  const auto also = [&](Stage stage, Histograms& histograms) {
    if (const auto ns = stage_time(task.lane, stage)) {
      histograms.of(task.task).Observe(seconds(*ns));
    }
  };
  also(Stage::kQueue, queue);
  also(Stage::kPrefill, prefill);
  also(Stage::kDecode, decode);
  add_tokens(record, task);
}

void PrometheusMetrics::Impl::add_tokens(const RequestRecord& record, const TaskRecord& task) {
  const TaskCounters& counters = task.counters;
  prompt_tokens.of(task.task).Increment(static_cast<double>(all_prompt_tokens(counters)));
  cached_tokens.of(task.task).Increment(counters.cached_tokens);
  generated_tokens.of(task.task).Increment(counters.completion_tokens);
  questions.of(task.task).Increment(counters.questions);
  if (counters.first_token_ns == 0) return;
  first_token.of(task.task).Observe(seconds(counters.first_token_ns - record.lane.begin_ns()));
  if (counters.completion_tokens < 2) return;
  const std::vector<double> gaps(counters.gap_counts.begin(), counters.gap_counts.end());
  inter_token.of(task.task).ObserveMultiple(
      gaps, seconds(counters.last_token_ns - counters.first_token_ns));
}

PrometheusMetrics::PrometheusMetrics(const std::vector<double>& thresholds_s)
    : impl_(std::make_unique<Impl>(thresholds_s)) {}

PrometheusMetrics::~PrometheusMetrics() = default;

void PrometheusMetrics::consume(std::span<const RecordPtr> records) {
  for (const RecordPtr& record : records) impl_->add(*record);
}

void PrometheusMetrics::amend(const RecordPtr& amended) {
  const std::optional<ClientSplit> split = client_split(*amended);
  if (!split) return;
  impl_->client_time.of("network").Observe(seconds(split->network_ns));
  impl_->client_time.of("rendering").Observe(seconds(split->rendering_ns));
}

std::string PrometheusMetrics::text(const ServerState& state) const {
  std::vector<prometheus::MetricFamily> families = impl_->registry.Collect();
  std::ranges::move(state_metrics(state), std::back_inserter(families));
  if (state.keys) std::ranges::move(key_metrics(*state.keys), std::back_inserter(families));
  std::ranges::move(slo_metrics(state.slo, state.slo_actions), std::back_inserter(families));
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return std::move(text).str();
}

}  // namespace qaio
