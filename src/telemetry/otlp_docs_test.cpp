// docs/otlp.md names every attribute and metric, and no other.
#include <gmock/gmock.h>

#include <set>

#include "telemetry/otlp_for_test.h"
#include "telemetry/otlp_metrics.h"
#include "telemetry/otlp_spans.h"
#include "telemetry/server_state_for_test.h"
#include "trace/docs_for_test.h"

namespace qaio {
namespace {

constexpr const char* kDocument = "docs/otlp.md";

std::set<std::string> documented(const std::string& heading) {
  const auto names = documented_names(kDocument, heading);
  return {names.begin(), names.end()};
}

// Records that between them have everything.
std::vector<std::shared_ptr<RequestRecord>> all_records() {
  std::vector<std::shared_ptr<RequestRecord>> records = {traced_record(), traced_record(),
                                                         asking_record()};
  records[0]->input_text = "in";
  records[0]->tasks[1].output_text = "out";
  records[1]->method = "BREW";
  records[1]->error_code = records[1]->tasks[1].error_code = "internal";
  records[1]->status = 500;
  return records;
}

TEST(OtlpDocsTest, EverySpanAttribute) {
  std::set<std::string> of_requests;
  std::set<std::string> of_tasks;
  for (const auto& record : all_records()) {
    const auto spans = parsed("[" + otlp_spans(*record, kServer).json + "]");
    for (const auto& span : spans.as_array()) {
      if (!span.as_object().contains("attributes")) continue;
      for (const auto& [name, value] : attributes_of(span)) {
        (span.at("kind").as_int64() == 2 ? of_requests : of_tasks).insert(name);
      }
    }
  }
  EXPECT_EQ(documented("### The request's span"), of_requests);
  EXPECT_EQ(documented("### A task's span"), of_tasks);
}

TEST(OtlpDocsTest, EveryMetric) {
  OtlpMetrics metrics;
  OtlpMetrics latest(GenAiConventions::kLatest);
  for (const auto& record : all_records()) {
    metrics.add(*record, "demo");
    latest.add(*record, "demo");
    record->client_times.emplace();
    metrics.add_client(*record);
  }
  std::set<std::string> names;
  ServerState state;
  state.engine = engine_at_work();
  state.archives = {{.kind = "sqlite"}};
  const auto written = parsed("[" + metrics.json(1, 2) + "," + latest.json(1, 2) + "," +
                              otlp_state_metrics(state, 1, 2) + "]");
  for (const auto& metric : written.as_array()) {
    names.emplace(metric.at("name").as_string());
  }
  EXPECT_EQ(documented("## Metrics"), names);
}

}  // namespace
}  // namespace qaio
