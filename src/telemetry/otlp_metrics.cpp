#include "telemetry/otlp_metrics.h"

#include <algorithm>
#include <array>

#include "base/json_writer.h"
#include "record/outcome.h"
#include "record/request_times.h"
#include "telemetry/otlp_genai.h"
#include "telemetry/otlp_json.h"
#include "telemetry/otlp_points.h"
#include "trace/task_counters.h"

namespace qaio {
namespace {

// Those of the conventions.
constexpr auto kHttpBoundsS = std::to_array<double>(
    {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10});
constexpr auto kDurationBoundsS = std::to_array<double>(
    {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92});
constexpr auto kFirstTokenBoundsS = std::to_array<double>(
    {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10});
constexpr auto kPerTokenBoundsS =
    std::to_array<double>({0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5});
constexpr auto kPartBoundsS =
    std::to_array<double>({0.0001, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5});
constexpr auto kTokenBounds = std::to_array<double>(
    {1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864});

constexpr std::string_view kOverflow =
    R"([{"key":"otel.metric.overflow","value":{"boolValue":true}}])";

std::string http_attributes(const RequestRecord& record) {
  std::string text;
  JsonWriter json(text);
  OtlpAttributes out(json);
  out.text("http.request.method", http_method(record));
  out.text("url.scheme", "http");
  if (record.routed) out.text("http.route", record.path);
  if (record.status != kClientClosedRequest) {
    out.integer("http.response.status_code", record.status);
  }
  out.text("error.type", http_error_type(record));
  return text;
}

// What one metric tells beside what all do.
struct TaskDetails {
  std::string_view token_type = {};
  std::string_view modality = {};
  bool errors = false;
};

std::string task_attributes(const TaskRecord& task, const std::string& model,
                            const TaskDetails& details) {
  std::string text;
  JsonWriter json(text);
  OtlpAttributes out(json);
  out.text("gen_ai.operation.name", genai_operation(task));
  out.text("gen_ai.provider.name", kGenAiProvider);
  out.text("gen_ai.request.model", model);
  out.text("gen_ai.response.model", model);
  out.text("gen_ai.token.type", details.token_type);
  out.text("gen_ai.token.modality", details.modality);
  if (details.errors) out.text("error.type", task.error_code);
  out.text("qaio.task", task.task);
  return text;
}

std::string outcome_attributes(const RequestRecord& record) {
  std::string text;
  JsonWriter json(text);
  OtlpAttributes out(json);
  out.text("http.route", record.routed ? std::string_view(record.path) : std::string_view());
  out.text("qaio.outcome", outcome_name(outcome_of(record)));
  out.text("error.type", record.error_code);
  return text;
}

std::string count_attributes(const TaskRecord& task, std::string_view token_type) {
  std::string text;
  JsonWriter json(text);
  OtlpAttributes out(json);
  out.text("gen_ai.token.type", token_type);
  out.text("qaio.task", task.task);
  return text;
}

std::string part_attributes(std::string_view part) {
  std::string text;
  JsonWriter json(text);
  OtlpAttributes out(json);
  out.text("qaio.client.part", part);
  return text;
}

// The series of these attributes, or that of all there is no room for.
template <typename Series>
Series& series_of(std::map<std::string, Series, std::less<>>& all, const std::string& attributes) {
  const auto found = all.find(attributes);
  if (found != all.end()) return found->second;
  const bool full = all.size() >= OtlpHistogram::kSeriesMax;
  return all.try_emplace(full ? std::string(kOverflow) : attributes).first->second;
}

}  // namespace

void OtlpHistogram::add(const std::string& attributes, double value) {
  Series& series = series_of(series_, attributes);
  if (series.counts.empty()) series.counts.resize(bounds_.size() + 1);
  ++series.counts[static_cast<size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin())];
  series.min = series.count == 0 ? value : std::min(series.min, value);
  series.max = series.count == 0 ? value : std::max(series.max, value);
  series.sum += value;
  ++series.count;
}

void OtlpHistogram::write(int64_t start_unix_ns, int64_t now_unix_ns, std::string& out) const {
  JsonWriter json(out);
  json.begin_object().key("name").string(name_).key("description").string(description_);
  json.key("unit").string(unit_).key("histogram").begin_object();
  json.key("aggregationTemporality").integer(kOtlpCumulative).key("dataPoints").begin_array();
  for (const auto& [attributes, series] : series_) {
    json.begin_object();
    write_otlp_point_head(attributes, start_unix_ns, now_unix_ns, json);
    json.key("count").string(std::to_string(series.count)).key("sum").real(series.sum);
    json.key("bucketCounts").begin_array();
    for (const uint64_t count : series.counts) json.string(std::to_string(count));
    json.end_array().key("explicitBounds").begin_array();
    for (const double bound : bounds_) json.real(bound);
    json.end_array().key("min").real(series.min).key("max").real(series.max).end_object();
  }
  json.end_array().end_object().end_object();
}

void OtlpCounter::add(const std::string& attributes, uint64_t count) {
  series_of(series_, attributes) += count;
}

void OtlpCounter::write(int64_t start_unix_ns, int64_t now_unix_ns, std::string& out) const {
  std::vector<OtlpPoint> points;
  for (const auto& [attributes, count] : series_) {
    points.push_back({attributes, static_cast<int64_t>(count)});
  }
  write_otlp_metric({name_, unit_, description_, OtlpKind::kCounter}, points, start_unix_ns,
                    now_unix_ns, out);
}

OtlpMetrics::OtlpMetrics(GenAiConventions genai)
    : genai_(genai),
      http_duration_("http.server.request.duration", "s", "Duration of HTTP server requests.",
                     kHttpBoundsS),
      duration_("gen_ai.server.request.duration", "s",
                "Generative AI server request duration such as time-to-last byte or last output "
                "token.",
                kDurationBoundsS),
      first_token_("gen_ai.server.time_to_first_token", "s",
                   "Time to generate first token for successful responses.", kFirstTokenBoundsS),
      per_token_("gen_ai.server.time_per_output_token", "s",
                 "Time per output token generated after the first token for successful responses.",
                 kPerTokenBoundsS),
      tokens_("gen_ai.client.token.usage", "{token}", "Number of input and output tokens used.",
              kTokenBounds),
      client_time_("qaio.client.duration", "s",
                   "What requests took beside the server, by what their clients said.",
                   kPartBoundsS),
      input_usage_("gen_ai.client.inference.usage.input_tokens", "{token}",
                   "Tokens of prompts, cached ones included."),
      output_usage_("gen_ai.client.inference.usage.output_tokens", "{token}",
                    "Tokens that were generated."),
      cache_read_usage_("gen_ai.client.inference.usage.cache_read.input_tokens", "{token}",
                        "Tokens of prompts that the prefix cache held."),
      input_tokens_("gen_ai.client.inference.operation.input_tokens", "{token}",
                    "Tokens of one prompt, cached ones included.", kTokenBounds),
      output_tokens_("gen_ai.client.inference.operation.output_tokens", "{token}",
                     "Tokens generated for one prompt.", kTokenBounds),
      requests_("qaio.requests", "{request}", "Requests that ended, by what became of them."),
      token_count_("qaio.tokens", "{token}", "Tokens of prompts and of what was generated."),
      cached_tokens_("qaio.cached_tokens", "{token}",
                     "Tokens of prompts that the prefix cache held."),
      questions_("qaio.questions", "{question}", "Questions that were scored.") {}

void OtlpMetrics::add(const RequestRecord& record, const std::string& model) {
  http_duration_.add(http_attributes(record), to_seconds(record.lane.wall_ns()));
  requests_.add(outcome_attributes(record), 1);
  for (const TaskRecord& task : record.tasks) add_task(record, task, model);
}

void OtlpMetrics::add_client(const RequestRecord& amended) {
  const std::optional<ClientSplit> split = client_split(amended);
  if (!split) return;
  client_time_.add(part_attributes("network"), to_seconds(split->network_ns));
  client_time_.add(part_attributes("rendering"), to_seconds(split->rendering_ns));
}

void OtlpMetrics::add_task(const RequestRecord& record, const TaskRecord& task,
                           const std::string& model) {
  const TimeNs begin_ns = record.lane.begin_ns();
  const std::string attributes = task_attributes(task, model, {.errors = true});
  duration_.add(attributes, to_seconds(task.lane.end_ns() - begin_ns));
  if (task.error_code.empty()) {
    if (task.counters.first_token_ns != 0) {
      first_token_.add(attributes, to_seconds(task.counters.first_token_ns - begin_ns));
    }
    if (const auto tpot_ns = task_times(task.lane, task.counters).tpot_ns) {
      per_token_.add(attributes, *tpot_ns / 1e9);
    }
  }
  if (task.counters.scheduled_ns == 0) return;  // it never came to use any
  genai_ == GenAiConventions::kLatest ? add_latest_tokens(task, model) : add_tokens(task, model);
  token_count_.add(count_attributes(task, "input"), all_prompt_tokens(task.counters));
  token_count_.add(count_attributes(task, "output"), task.counters.completion_tokens);
  cached_tokens_.add(count_attributes(task, {}), task.counters.cached_tokens);
  questions_.add(count_attributes(task, {}), task.counters.questions);
}

void OtlpMetrics::add_tokens(const TaskRecord& task, const std::string& model) {
  tokens_.add(task_attributes(task, model, {.token_type = "input"}),
              all_prompt_tokens(task.counters));
  if (task.counters.completion_tokens == 0) return;
  tokens_.add(task_attributes(task, model, {.token_type = "output"}),
              task.counters.completion_tokens);
}

// Counts by modality, and how they spread over the tasks.
void OtlpMetrics::add_latest_tokens(const TaskRecord& task, const std::string& model) {
  const TaskCounters& counters = task.counters;
  const std::string usage = task_attributes(task, model, {.modality = "text"});
  input_usage_.add(usage, all_prompt_tokens(counters));
  output_usage_.add(usage, counters.completion_tokens);
  cache_read_usage_.add(usage, counters.cached_tokens);
  const std::string operation = task_attributes(task, model, {.errors = true});
  input_tokens_.add(operation, all_prompt_tokens(counters));
  output_tokens_.add(operation, counters.completion_tokens);
}

std::string OtlpMetrics::json(int64_t start_unix_ns, int64_t now_unix_ns) const {
  std::string out;
  const auto write = [&](const auto&... metrics) {
    const auto one = [&](const auto& metric) {
      if (metric.empty()) return;
      if (!out.empty()) out += ',';
      metric.write(start_unix_ns, now_unix_ns, out);
    };
    (one(metrics), ...);
  };
  write(http_duration_, duration_, first_token_, per_token_, tokens_, input_usage_, output_usage_,
        cache_read_usage_, input_tokens_, output_tokens_, requests_, token_count_, cached_tokens_,
        questions_, client_time_);
  return out;
}

}  // namespace qaio
