// For the tests of OTLP: a record with everything in it, and a reader of what was written.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "record/record_for_test.h"
#include "telemetry/otlp_spans.h"
#include "telemetry/otlp_state_metrics.h"

namespace qaio {

inline const OtlpServer kServer{.model = "demo", .address = "127.0.0.1", .port = 8080};
inline constexpr int64_t kArrivedMs = 1'700'000'000'123;

// A chat of 100 ms with a stage `tasks` around a classification and a reply.
inline std::shared_ptr<RequestRecord> traced_record(bool sampled = true,
                                                    TimeNs begin_ns = 7 * kMs) {
  auto record = chat_record(100 * kMs, begin_ns);  // http_read ends after 10 ms
  record->request_id = "r-1";
  record->arrived_unix_ms = kArrivedMs;
  record->trace =
      begin_span(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
                 "rojo=1", sampled);
  record->input_chars = 5;
  record->input_tokens = 2;
  record->cpu_ns = 80 * kMs;
  const TimeNs tasks_ns = begin_ns + 10 * kMs;
  record->lane.add(Stage::kTasks, tasks_ns, begin_ns + 90 * kMs);
  record->lane.add(Stage::kHttpWrite, begin_ns + 90 * kMs, begin_ns + 99 * kMs);
  record->lane.finish(begin_ns + 100 * kMs);

  TaskRecord& sentiment = record->tasks.emplace_back();
  sentiment.task = "sentiment";
  sentiment.finish_reason = "scored";
  sentiment.label = "正面";
  sentiment.score = 0.75F;
  sentiment.counters.prompt_tokens = 30;
  sentiment.counters.prefill_steps = 1;
  sentiment.counters.questions = 1;
  sentiment.counters.options = 2;
  sentiment.counters.batch_max = 2;
  sentiment.counters.batch_sum = 2;
  sentiment.counters.scheduled_ns = tasks_ns + 1;
  sentiment.lane.start(tasks_ns);
  sentiment.lane.add(Stage::kPrefill, tasks_ns, tasks_ns + 20 * kMs);
  sentiment.lane.add(Stage::kScore, tasks_ns + 20 * kMs, tasks_ns + 21 * kMs);
  sentiment.lane.finish(tasks_ns + 21 * kMs);
  record->tasks.push_back(generate_task("chat", tasks_ns, 20 * kMs, 11, 4 * kMs));
  record->tasks.back().settings =
      GenerationSettings{.max_new_tokens = 64, .temperature = 0.7F, .top_p = 0.9F, .seed = 42};
  return record;
}

// One task: 16 questions of 20 tokens about a text of 400, 96 of which the cache held.
inline std::shared_ptr<RequestRecord> asking_record() {
  auto record = traced_record();
  record->tasks.resize(1);
  TaskRecord& task = record->tasks[0];
  task.task = "decision";
  task.label.clear();
  task.score.reset();
  task.prompt_version = "v-1";
  task.counters.prompt_tokens = 400;
  task.counters.cached_tokens = 96;
  task.counters.questions = 16;
  task.counters.question_tokens = 320;
  task.counters.options = 64;
  return record;
}

inline boost::json::value parsed(const std::string& text) {
  auto value = parse_json(text, "OTLP");
  EXPECT_TRUE(value) << value.error().message << "\n" << text;
  return value ? std::move(*value) : boost::json::value();
}

// The attributes of an object as text, whatever their type.
inline std::map<std::string, std::string> attributes_of(const boost::json::value& object) {
  std::map<std::string, std::string> found;
  if (!object.as_object().contains("attributes")) return found;
  for (const boost::json::value& one : object.at("attributes").as_array()) {
    const boost::json::object& value = one.at("value").as_object();
    EXPECT_EQ(value.size(), 1u);
    const boost::json::value& inner = value.begin()->value();
    found[std::string(one.at("key").as_string())] =
        inner.is_string() ? std::string(inner.as_string()) : boost::json::serialize(inner);
  }
  return found;
}

}  // namespace qaio
