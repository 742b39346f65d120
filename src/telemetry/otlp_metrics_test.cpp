#include "telemetry/otlp_metrics.h"

#include <gmock/gmock.h>

#include <map>
#include <numeric>

#include "base/cpu_time_for_test.h"
#include "telemetry/otlp_for_test.h"
#include "telemetry/server_state_for_test.h"

namespace qaio {
namespace {

namespace json = boost::json;

using Metrics = std::map<std::string, json::value>;

Metrics written(const OtlpMetrics& metrics) {
  Metrics found;
  const json::value array = parsed("[" + metrics.json(1'000, 2'000) + "]");
  for (const json::value& metric : array.as_array()) {
    if (!metric.as_object().contains("histogram")) continue;
    found[std::string(metric.at("name").as_string())] = metric;
  }
  return found;
}

// The numbers of all others: "name value value" -> number, with the attributes' values.
std::map<std::string, double> numbers(const std::string& metrics) {
  std::map<std::string, double> found;
  const json::value array = parsed("[" + metrics + "]");
  for (const json::value& metric : array.as_array()) {
    const json::object& object = metric.as_object();
    if (object.contains("histogram")) continue;
    const json::value& data = object.contains("sum") ? object.at("sum") : object.at("gauge");
    for (const json::value& point : data.at("dataPoints").as_array()) {
      std::string key(metric.at("name").as_string());
      for (const auto& [name, value] : attributes_of(point)) key += " " + value;
      const json::object& members = point.as_object();
      found[key] = members.contains("asInt")
                       ? std::stod(std::string(members.at("asInt").as_string()))
                       : members.at("asDouble").to_number<double>();
    }
  }
  return found;
}

// The point whose attribute `name` is `value`.
json::value point(const json::value& metric, const std::string& name, const std::string& value) {
  for (const json::value& one : metric.at("histogram").at("dataPoints").as_array()) {
    if (attributes_of(one)[name] == value) return one;
  }
  ADD_FAILURE() << "no point of " << value;
  return json::object();
}

std::string count(const json::value& point) { return std::string(point.at("count").as_string()); }
double sum(const json::value& point) { return point.at("sum").to_number<double>(); }

// gen_ai.client.token.usage is gone there, and nothing told two ways.
TEST(OtlpMetricsTest, TheLatestConventionsCountTokensByOtherNames) {
  OtlpMetrics metrics(GenAiConventions::kLatest);
  const auto record = traced_record();
  metrics.add(*record, "demo");
  Metrics found = written(metrics);
  EXPECT_FALSE(found.contains("gen_ai.client.token.usage"));
  EXPECT_TRUE(found.contains("gen_ai.server.request.duration"));
  uint64_t prompt = 0;
  uint64_t drawn = 0;
  uint64_t cached = 0;
  for (const TaskRecord& task : record->tasks) {
    prompt += task.counters.prompt_tokens;
    drawn += task.counters.completion_tokens;
    cached += task.counters.cached_tokens;
  }
  std::map<std::string, double> sums;
  for (const auto& [key, value] : numbers(metrics.json(1, 2))) {
    if (key.starts_with("gen_ai.")) {
      EXPECT_THAT(key, testing::HasSubstr(" text")) << "the modality";
      sums[key.substr(0, key.find(' '))] += value;
    }
  }
  EXPECT_EQ(sums["gen_ai.client.inference.usage.input_tokens"], prompt);
  EXPECT_EQ(sums["gen_ai.client.inference.usage.output_tokens"], drawn);
  EXPECT_EQ(sums["gen_ai.client.inference.usage.cache_read.input_tokens"], cached);
  for (const char* name : {"gen_ai.client.inference.operation.input_tokens",
                           "gen_ai.client.inference.operation.output_tokens"}) {
    ASSERT_TRUE(found.contains(name)) << name;
    const auto& points = found[name].at("histogram").at("dataPoints").as_array();
    EXPECT_EQ(points.size(), record->tasks.size());
    EXPECT_FALSE(attributes_of(points[0]).contains("gen_ai.token.type"));
  }
}

TEST(OtlpMetricsTest, NothingWasCountedAtFirst) { EXPECT_EQ(OtlpMetrics().json(1, 2), ""); }

TEST(OtlpMetricsTest, CountsTasksAsTheConventionsSay) {
  OtlpMetrics metrics;
  metrics.add(*traced_record(), "demo");
  metrics.add(*traced_record(), "demo");
  Metrics found = written(metrics);
  ASSERT_EQ(found.size(), 5u);
  for (const auto& [name, metric] : found) {
    EXPECT_EQ(metric.at("unit").as_string(), name == "gen_ai.client.token.usage" ? "{token}" : "s");
    EXPECT_EQ(metric.at("histogram").at("aggregationTemporality").as_int64(), 2);
  }
  const json::value duration =
      point(found["gen_ai.server.request.duration"], "gen_ai.operation.name", "chat");
  EXPECT_EQ(count(duration), "2");
  EXPECT_NEAR(sum(duration), 2 * 0.0735, 1e-9) << "first byte of the request to the task's end";
  EXPECT_EQ(duration.at("startTimeUnixNano").as_string(), "1000");
  EXPECT_EQ(duration.at("timeUnixNano").as_string(), "2000");
  auto attributes = attributes_of(duration);
  EXPECT_EQ(attributes["gen_ai.provider.name"], "qaio");
  EXPECT_EQ(attributes["gen_ai.request.model"], "demo");
  EXPECT_EQ(attributes["gen_ai.response.model"], "demo");
  EXPECT_EQ(attributes["qaio.task"], "chat");
  EXPECT_EQ(count(point(found["gen_ai.server.request.duration"], "qaio.task", "sentiment")), "2");

  const json::value first = point(found["gen_ai.server.time_to_first_token"], "qaio.task", "chat");
  EXPECT_NEAR(sum(first), 2 * 0.033, 1e-9);
  EXPECT_NEAR(first.at("min").to_number<double>(), 0.033, 1e-9);
  const json::value each = point(found["gen_ai.server.time_per_output_token"], "qaio.task", "chat");
  EXPECT_NEAR(sum(each), 2 * 0.004, 1e-9);
  const json::array& points =
      found["gen_ai.client.token.usage"].at("histogram").at("dataPoints").as_array();
  EXPECT_EQ(points.size(), 3u) << "a classification generates none";
  EXPECT_NEAR(sum(point(found["gen_ai.client.token.usage"], "gen_ai.token.type", "output")), 22,
              1e-9);
}

TEST(OtlpMetricsTest, BucketsAreThoseOfTheirBounds) {
  OtlpMetrics metrics;
  const auto record = traced_record();
  for (int i = 0; i < 3; ++i) metrics.add(*record, "demo");
  for (const auto& [name, metric] : written(metrics)) {
    for (const json::value& one : metric.at("histogram").at("dataPoints").as_array()) {
      const json::array& counts = one.at("bucketCounts").as_array();
      const json::array& bounds = one.at("explicitBounds").as_array();
      ASSERT_EQ(counts.size(), bounds.size() + 1) << name;
      int64_t all = 0;
      for (size_t i = 0; i < counts.size(); ++i) {
        const int64_t here = std::stoll(std::string(counts[i].as_string()));
        all += here;
        // All values of a series are equal here, so its only bucket holds them.
        if (here == 0) continue;
        const double value = one.at("max").to_number<double>();
        const bool below = i == bounds.size() || value <= bounds[i].to_number<double>();
        const bool above = i == 0 || value > bounds[i - 1].to_number<double>();
        EXPECT_TRUE(below && above) << name << ": " << value << " in bucket " << i;
      }
      EXPECT_EQ(std::to_string(all), count(one)) << name;
    }
  }
}

TEST(OtlpMetricsTest, FailuresAreToldApart) {
  OtlpMetrics metrics;
  metrics.add(*traced_record(), "demo");
  const auto failed = traced_record();
  failed->status = 504;
  failed->error_code = failed->tasks[1].error_code = "deadline_exceeded";
  metrics.add(*failed, "demo");
  Metrics found = written(metrics);
  EXPECT_EQ(
      count(point(found["gen_ai.server.request.duration"], "error.type", "deadline_exceeded")),
      "1");
  EXPECT_EQ(count(point(found["http.server.request.duration"], "http.response.status_code", "504")),
            "1");
  EXPECT_EQ(count(point(found["gen_ai.server.time_to_first_token"], "qaio.task", "chat")), "1")
      << "of answers only";
}

TEST(OtlpMetricsTest, RequestsAndTokensAreCounted) {
  OtlpMetrics metrics;
  metrics.add(*traced_record(), "demo");
  for (const int status : {400, 499, 500, 503, 429}) {
    RequestRecord refused = *traced_record();
    refused.status = status;
    refused.error_code = "code";
    refused.tasks.clear();
    metrics.add(refused, "demo");
  }
  RequestRecord broken = *traced_record();
  broken.error_code = "deadline_exceeded";
  metrics.add(broken, "demo");
  const auto found = numbers(metrics.json(1, 2));
  EXPECT_EQ(found.at("qaio.requests /chat answered"), 1);
  EXPECT_EQ(found.at("qaio.requests code /chat refused"), 2);
  EXPECT_EQ(found.at("qaio.requests code /chat client_error"), 1);
  EXPECT_EQ(found.at("qaio.requests code /chat cancelled"), 1);
  EXPECT_EQ(found.at("qaio.requests code /chat failed"), 1);
  EXPECT_EQ(found.at("qaio.requests deadline_exceeded /chat failed"), 1);
  EXPECT_EQ(found.at("qaio.tokens output chat"), 22);
  EXPECT_EQ(found.at("qaio.tokens input sentiment"), 60);
  EXPECT_EQ(found.at("qaio.cached_tokens sentiment"), 0);
}

TEST(OtlpMetricsTest, TheStateIsNumbers) {
  ASSERT_TRUE(uses_cpu_time());
  ServerState state;
  state.engine = engine_at_work();
  state.records_dropped = 5;
  state.log_lines_dropped = 6;
  state.archives = {{.kind = "csv", .written = 68, .lost = 2}};
  const std::string text = otlp_state_metrics(state, 1'000, 2'000);
  const auto found = numbers(text);
  EXPECT_EQ(found.at("qaio.sequences running"), 3);
  EXPECT_EQ(found.at("qaio.sequences waiting"), 1);
  EXPECT_EQ(found.at("qaio.kv_cache.blocks free"), 40);
  EXPECT_EQ(found.at("qaio.kv_cache.utilization"), 0.4);
  EXPECT_EQ(found.at("qaio.recurrent.states used"), 3);
  EXPECT_EQ(found.at("qaio.recurrent.states free"), 3);
  EXPECT_EQ(found.at("qaio.engine.steps"), 7);
  EXPECT_EQ(found.at("qaio.dropped_records"), 5);
  EXPECT_EQ(found.at("qaio.dropped_log_lines"), 6);
  EXPECT_EQ(found.at("qaio.archived_records csv lost"), 2);
  EXPECT_GT(found.at("process.cpu.time user"), 0);
  EXPECT_GT(found.at("process.memory.usage"), 1 << 20);
  const json::value array = parsed("[" + text + "]");
  for (const json::value& metric : array.as_array()) {
    if (!metric.as_object().contains("sum")) continue;
    const bool counter = metric.at("unit").as_string() != "By" &&
                         metric.at("name").as_string() != "qaio.sequences" &&
                         metric.at("name").as_string() != "qaio.kv_cache.blocks" &&
                         metric.at("name").as_string() != "qaio.recurrent.states" &&
                         metric.at("name").as_string() != "qaio.waiting_archive_records";
    EXPECT_EQ(metric.at("sum").at("isMonotonic").as_bool(), counter) << metric.at("name");
    EXPECT_EQ(metric.at("sum").at("dataPoints").at(0).at("startTimeUnixNano").as_string(), "1000");
  }
  EXPECT_FALSE(numbers(otlp_state_metrics({}, 1, 2)).contains("qaio.sequences running"))
      << "before the model is ready";
}

TEST(OtlpMetricsTest, SeriesAreBounded) {
  constexpr double kBounds[] = {1, 2};
  OtlpHistogram histogram("h", "s", "", kBounds);
  for (size_t i = 0; i < OtlpHistogram::kSeriesMax + 10; ++i) {
    histogram.add(R"([{"key":"n","value":{"intValue":")" + std::to_string(i) + R"("}}])", 1);
  }
  std::string text;
  histogram.write(1, 2, text);
  const json::value value = parsed(text);
  EXPECT_EQ(value.at("histogram").at("dataPoints").as_array().size(),
            OtlpHistogram::kSeriesMax + 1);
  EXPECT_EQ(count(point(value, "otel.metric.overflow", "true")), "10");
}

TEST(OtlpMetricsTest, CountsQuestions) {
  OtlpMetrics metrics;
  metrics.add(*asking_record(), "demo");
  double questions = 0;
  for (const auto& [key, value] : numbers(metrics.json(1, 2)))
    if (key.starts_with("qaio.questions")) questions += value;
  EXPECT_EQ(questions, 16);
}

}  // namespace
}  // namespace qaio
