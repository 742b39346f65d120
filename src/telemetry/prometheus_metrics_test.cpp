#include "telemetry/prometheus_metrics.h"

#include <gmock/gmock.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "base/cpu_time_for_test.h"
#include "record/record_for_test.h"
#include "telemetry/histogram_bounds.h"
#include "telemetry/server_state_for_test.h"
#include "trace/docs_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using testing::Not;

ServerState ready_state() {
  ServerState state;
  state.run = {.version = "1.2.3",
               .model = "m\"1",
               .model_hash = "",
               .isa = "avx2",
               .threads = 2,
               .started_unix_ms = 1'700'000'000'500};
  state.engine = engine_at_work();
  state.records_dropped = 5;
  state.connections =
      ConnectionState{.connections = 4, .memory_bytes = 1000, .memory_bytes_max = 2000};
  state.connections->tls = TlsState{.handshakes_succeeded = 11, .handshakes_failed = 1};
  state.log_lines_dropped = 6;
  SloStatus kept;
  kept.value = 100;
  state.slo = {kept};
  state.slo_actions = {{.name = "log", .sent = 1, .failed = 0, .dropped = 0}};
  state.archives = {{.kind = "sqlite", .written = 70, .lost = 2},
                    {.kind = "csv", .written = 68, .lost = 0}};
  state.otlp = OtlpCounts{.spans_exported = 90,
                          .spans_rejected = 1,
                          .spans_failed = 2,
                          .spans_dropped = 3,
                          .spans_waiting = 6,
                          .metrics_exported = 4,
                          .metrics_failed = 5,
                          .metrics_waiting = 1};
  KeyFigures app;
  app.key.name = "app";
  app.key.expires_unix_ms = 1'800'000'000'000;
  app.requests[static_cast<size_t>(Outcome::kAnswered)] = 7;
  app.refusals[static_cast<size_t>(KeyRefusal::kTokenRate)] = 3;
  app.running = 2;
  app.prompt_tokens = 80;
  app.completion_tokens = 90;
  state.keys = KeyRingFigures{.keys = {app}, .missing = 4, .invalid = 5};
  return state;
}

// The samples of the text: "name{labels}" -> value.
std::map<std::string, double> samples(const PrometheusMetrics& metrics,
                                      const ServerState& state = ready_state()) {
  std::map<std::string, double> all;
  std::istringstream lines(metrics.text(state));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    const size_t space = line.rfind(' ');
    const bool first = all.emplace(line.substr(0, space), std::stod(line.substr(space))).second;
    EXPECT_TRUE(first) << line;
  }
  return all;
}

RecordPtr chat(int64_t total_ns, int tokens = 5, int64_t gap_ns = 3 * kMs) {
  auto record = chat_record(total_ns);
  record->tasks.push_back(generate_task("chat", 2 * kMs, 10 * kMs, tokens, gap_ns));
  return record;
}

TEST(PrometheusMetrics, CountsWhatTheRecordsSay) {
  PrometheusMetrics metrics;
  for (int i = 0; i < 3; ++i) consume_one(chat(100 * kMs), metrics);
  auto refused = chat_record(10'000);
  refused->status = 503;
  refused->error_code = "resource_exhausted";
  consume_one(refused, metrics);
  auto failed = chat_record(200 * kMs);
  failed->status = 504;
  failed->error_code = "deadline_exceeded";
  failed->tasks.push_back(generate_task("chat", 2 * kMs, 10 * kMs, 1, 0));
  failed->tasks.back().finish_reason.clear();
  consume_one(failed, metrics);
  const auto all = samples(metrics);
  EXPECT_EQ(all.at(R"(qaio_requests_total{route="/chat",status="2xx"})"), 3);
  EXPECT_EQ(all.at(R"(qaio_requests_total{route="/chat",status="5xx"})"), 2);
  EXPECT_EQ(all.at(R"(qaio_request_outcomes_total{outcome="answered",route="/chat"})"), 3);
  EXPECT_EQ(all.at(R"(qaio_request_outcomes_total{outcome="refused",route="/chat"})"), 1);
  EXPECT_EQ(all.at(R"(qaio_request_outcomes_total{outcome="failed",route="/chat"})"), 1);
  EXPECT_EQ(all.at(R"(qaio_errors_total{code="resource_exhausted"})"), 1);
  EXPECT_EQ(all.at(R"(qaio_tasks_total{reason="stop",task="chat"})"), 3);
  EXPECT_EQ(all.at(R"(qaio_tasks_total{reason="error",task="chat"})"), 1);
  EXPECT_EQ(all.at(R"(qaio_prompt_tokens_total{task="chat"})"), 160);
  EXPECT_EQ(all.at(R"(qaio_cached_prompt_tokens_total{task="chat"})"), 128);
  EXPECT_EQ(all.at(R"(qaio_generated_tokens_total{task="chat"})"), 16);
  EXPECT_EQ(all.at(R"(qaio_questions_total{task="chat"})"), 0);
  // The refusal took no time worth a statistic; the deadline did.
  EXPECT_EQ(all.at(R"(qaio_request_duration_seconds_count{route="/chat"})"), 4);
  EXPECT_NEAR(all.at(R"(qaio_request_duration_seconds_sum{route="/chat"})"), 0.5, 1e-9);
  EXPECT_EQ(all.at(R"(qaio_request_duration_seconds_bucket{route="/chat",le="0.1"})"), 3);
  EXPECT_EQ(all.at(R"(qaio_request_duration_seconds_bucket{route="/chat",le="0.08"})"), 0);
  EXPECT_NEAR(all.at(R"(qaio_task_duration_seconds_sum{task="chat"})"), 3 * 0.0255 + 0.0135, 1e-9);
  EXPECT_NEAR(all.at(R"(qaio_queue_seconds_sum{task="chat"})"), 0.008, 1e-9);
  EXPECT_NEAR(all.at(R"(qaio_prefill_seconds_sum{task="chat"})"), 0.04, 1e-9);
  EXPECT_NEAR(all.at(R"(qaio_decode_seconds_sum{task="chat"})"), 0.036, 1e-9);
  EXPECT_NEAR(all.at(R"(qaio_time_to_first_token_seconds_sum{task="chat"})"), 4 * 0.014, 1e-9);
  EXPECT_NEAR(all.at(R"(qaio_task_stage_seconds_sum{stage="unattributed",task="chat"})"), 0.002,
              1e-9);
  EXPECT_EQ(all.at(R"(qaio_request_stage_seconds_count{stage="http_read"})"), 4);
  EXPECT_FALSE(all.contains(R"(qaio_task_stage_seconds_count{stage="score",task="chat"})"));
}

TEST(PrometheusMetrics, EveryGapBetweenTokensIsCounted) {
  PrometheusMetrics metrics;
  consume_one(chat(100 * kMs, 5, 3 * kMs), metrics);
  consume_one(chat(100 * kMs, 11, 40 * kMs), metrics);
  consume_one(chat(100 * kMs, 1), metrics);
  const auto all = samples(metrics);
  EXPECT_EQ(all.at(R"(qaio_inter_token_seconds_count{task="chat"})"), 14);
  EXPECT_EQ(all.at(R"(qaio_inter_token_seconds_bucket{task="chat",le="0.002"})"), 0);
  EXPECT_EQ(all.at(R"(qaio_inter_token_seconds_bucket{task="chat",le="0.003"})"), 4);
  EXPECT_EQ(all.at(R"(qaio_inter_token_seconds_bucket{task="chat",le="0.05"})"), 14);
  EXPECT_NEAR(all.at(R"(qaio_inter_token_seconds_sum{task="chat"})"), 0.412, 1e-9);
}

TEST(PrometheusMetrics, LabelsStayBoundedWhateverClientsAskFor) {
  PrometheusMetrics metrics;
  for (int i = 0; i < 3000; ++i) {
    auto record = chat_record(kMs);
    record->routed = false;
    record->path = "/scan/" + std::to_string(i);
    record->status = 404;
    consume_one(record, metrics);
  }
  const auto all = samples(metrics);
  EXPECT_EQ(all.at(R"(qaio_requests_total{route="other",status="4xx"})"), 3000);
  EXPECT_THAT(metrics.text(ready_state()), Not(HasSubstr("/scan")));
  for (int i = 0; i < 3000; ++i) {
    auto record = chat_record(kMs);
    record->error_code = "code" + std::to_string(i);
    consume_one(record, metrics);
  }
  EXPECT_EQ(samples(metrics).at(R"(qaio_errors_total{code="other"})"), 3000 - 1024);
}

TEST(PrometheusMetrics, ShowTheStateOfTheServer) {
  ASSERT_TRUE(uses_cpu_time());
  const PrometheusMetrics metrics;
  const auto all = samples(metrics);
  EXPECT_EQ(all.at(R"(qaio_build_info{version="1.2.3",model="m\"1",isa="avx2",threads="2"})"), 1);
  EXPECT_EQ(all.at("qaio_ready"), 1);
  EXPECT_EQ(all.at("qaio_records_dropped_total"), 5);
  EXPECT_EQ(all.at("qaio_http_connections"), 4);
  EXPECT_EQ(all.at("qaio_http_memory_bytes"), 1000);
  EXPECT_EQ(all.at("qaio_http_memory_max_bytes"), 2000);
  EXPECT_EQ(all.at("qaio_log_lines_dropped_total"), 6);
  EXPECT_EQ(all.at("qaio_archive_records_written_total{archive=\"csv\"}"), 68);
  EXPECT_EQ(all.at("qaio_archive_records_lost_total{archive=\"sqlite\"}"), 2);
  const auto of_app = [&](const std::string& name, const std::string& more = "") {
    return all.at("qaio_api_key_" + name + "{api_key=\"app\"" + more + "}");
  };
  EXPECT_EQ(of_app("requests_total", R"(,outcome="answered")"), 7);
  EXPECT_EQ(of_app("requests_total", R"(,outcome="failed")"), 0);
  EXPECT_EQ(of_app("refusals_total", R"(,reason="tokens_per_minute")"), 3);
  EXPECT_EQ(of_app("requests_running"), 2);
  EXPECT_EQ(of_app("prompt_tokens_total"), 80);
  EXPECT_EQ(of_app("generated_tokens_total"), 90);
  EXPECT_EQ(of_app("expiry_timestamp_seconds"), 1'800'000'000);
  EXPECT_EQ(all.at("qaio_api_keys"), 1);
  EXPECT_EQ(all.at(R"(qaio_unauthorized_requests_total{reason="missing"})"), 4);
  EXPECT_EQ(all.at(R"(qaio_unauthorized_requests_total{reason="invalid"})"), 5);
  EXPECT_EQ(all.at("qaio_sequences_running"), 3);
  EXPECT_EQ(all.at("qaio_sequences_waiting"), 1);
  EXPECT_EQ(all.at(R"(qaio_kv_blocks{state="free"})"), 40);
  EXPECT_EQ(all.at(R"(qaio_recurrent_states{state="free"})"), 3);
  EXPECT_EQ(all.at("qaio_kv_usage_ratio"), 0.4);
  EXPECT_EQ(all.at("qaio_preemptions_total"), 2);
  EXPECT_EQ(all.at("qaio_prefix_cache_queries_total"), 500);
  EXPECT_EQ(all.at("qaio_prefix_cache_hits_total"), 400);
  EXPECT_EQ(all.at("process_start_time_seconds"), 1'700'000'000.5);
  EXPECT_GT(all.at("process_resident_memory_bytes"), 1 << 20);
  EXPECT_GT(all.at("process_cpu_seconds_total"), 0);
  ServerState loading = ready_state();
  loading.engine.reset();
  const auto before = samples(metrics, loading);
  EXPECT_EQ(before.at("qaio_ready"), 0);
  EXPECT_FALSE(before.contains("qaio_sequences_running"));
}

TEST(PrometheusMetrics, ThresholdsAreEdges) {
  PrometheusMetrics metrics({0.123, 1});
  consume_one(chat(120 * kMs), metrics);
  const auto all = samples(metrics);
  EXPECT_EQ(all.at(R"(qaio_request_duration_seconds_bucket{route="/chat",le="0.123"})"), 1);
  EXPECT_EQ(all.at(R"(qaio_request_duration_seconds_bucket{route="/chat",le="0.1"})"), 0);
  EXPECT_EQ(all.at(R"(qaio_prefill_seconds_bucket{task="chat",le="0.123"})"), 1);
}

TEST(PrometheusMetrics, TheDocumentListsEveryMetricAndNoOther) {
  PrometheusMetrics metrics;
  consume_one(chat(100 * kMs), metrics);
  auto failed = chat_record(kMs);
  failed->error_code = "internal";
  consume_one(failed, metrics);
  failed->client_times.emplace();
  metrics.amend(failed);
  std::set<std::string> real;
  std::istringstream lines(metrics.text(ready_state()));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) real.insert(line.substr(7, line.find(' ', 7) - 7));
  }
  EXPECT_GT(real.size(), 30u);
  EXPECT_THAT(documented_names("docs/metrics.md", "## Metrics"),
              testing::UnorderedElementsAreArray(real));
}

// "0.001, 0.0025, ..." as the document has them.
template <typename Bounds>
std::string bounds_text(const Bounds& bounds, double unit) {
  std::ostringstream text;
  text.precision(10);
  for (const auto bound : bounds) {
    text << (text.tellp() > 0 ? ", " : "") << static_cast<double>(bound) / unit;
  }
  return std::move(text).str();
}

TEST(PrometheusMetrics, TheDocumentHasTheBoundaries) {
  const std::string document = source_text("docs/metrics.md");
  const std::string text = std::regex_replace(document, std::regex("\\s+"), " ");
  EXPECT_THAT(text, HasSubstr("| " + bounds_text(kDurationBoundsS, 1e-3) + " |"));
  EXPECT_THAT(text, HasSubstr("| " + bounds_text(kFirstTokenBoundsS, 1e-3) + " |"));
  EXPECT_THAT(text, HasSubstr("| " + bounds_text(kStageBoundsS, 1e-3) + " |"));
  EXPECT_THAT(text, HasSubstr("| " + bounds_text(kGapBoundsNs, 1e6) + " |"));
}

// As vLLM has them (vllm/v1/metrics/loggers.py) and OpenTelemetry's conventions for generative AI.
TEST(PrometheusMetrics, HasTheBoundariesOfOthers) {
  using testing::IsSupersetOf;
  const auto vllm_request =
      std::to_array<double>({0.3, 0.5, 0.8, 1,  1.5, 2,   2.5, 5,   10,   15,  20,
                             30,  40,  50,  60, 120, 240, 480, 960, 1920, 7680});
  const auto vllm_first_token =
      std::to_array<double>({0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75,
                             1,     2.5,   5,    7.5,  10,   20,   40,   80,  160,  640, 2560});
  const auto vllm_per_token =
      std::to_array<double>({0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5,
                             5, 7.5, 10, 20, 40, 80});
  const auto genai_duration = std::to_array<double>(
      {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92});
  EXPECT_THAT(kDurationBoundsS, IsSupersetOf(vllm_request));
  EXPECT_THAT(kDurationBoundsS, IsSupersetOf(genai_duration));
  EXPECT_THAT(kStageBoundsS, IsSupersetOf(vllm_request));
  // OpenTelemetry's of these two are the first of vLLM's.
  EXPECT_THAT(kFirstTokenBoundsS, IsSupersetOf(vllm_first_token));
  std::vector<double> gaps;
  gaps.reserve(kGapBoundsNs.size());
  for (const int64_t ns : kGapBoundsNs) gaps.push_back(static_cast<double>(ns) / 1e9);
  EXPECT_THAT(gaps, IsSupersetOf(vllm_per_token));
  for (const auto& bounds :
       {std::span<const double>(kDurationBoundsS), std::span<const double>(kFirstTokenBoundsS),
        std::span<const double>(kStageBoundsS)}) {
    EXPECT_TRUE(std::ranges::is_sorted(bounds));
  }
}

TEST(PrometheusMetrics, WhatClientsSaidIsCountedWhenItComes) {
  PrometheusMetrics metrics;
  const auto record = std::make_shared<RequestRecord>(*chat(100 * kMs));
  consume_one(record, metrics);
  EXPECT_THAT(metrics.text(ready_state()), Not(HasSubstr("qaio_client_seconds")));
  record->client_times = client_times_of(*record, 2 * kMs, 30 * kMs);
  metrics.amend(record);
  const auto values = samples(metrics);
  EXPECT_NEAR(values.at("qaio_client_seconds_sum{part=\"network\"}"), 0.002, 1e-9);
  EXPECT_NEAR(values.at("qaio_client_seconds_sum{part=\"rendering\"}"), 0.03, 1e-9);
  EXPECT_EQ(values.at("qaio_client_seconds_count{part=\"network\"}"), 1);
  EXPECT_EQ(values.at("qaio_request_duration_seconds_count{route=\"/chat\"}"), 1) << "once";
}

TEST(PrometheusMetrics, QuestionsAboutATextAreCounted) {
  PrometheusMetrics metrics;
  auto record = chat_record(100 * kMs);
  TaskRecord& task = record->tasks.emplace_back();
  task.task = "decision";
  task.finish_reason = "scored";
  task.counters.prompt_tokens = 400;
  task.counters.cached_tokens = 96;
  task.counters.questions = 16;
  task.counters.question_tokens = 320;
  consume_one(record, metrics);
  const auto all = samples(metrics);
  EXPECT_EQ(all.at(R"(qaio_questions_total{task="decision"})"), 16);
  EXPECT_EQ(all.at(R"(qaio_prompt_tokens_total{task="decision"})"), 400 + 320);
  EXPECT_EQ(all.at(R"(qaio_cached_prompt_tokens_total{task="decision"})"), 96);
}

}  // namespace
}  // namespace qaio
