// Whether a record came back as it was.
#pragma once

#include <gtest/gtest.h>

#include "record/record.h"
#include "trace/task_counters.h"

namespace qaio {

inline void expect_same(const StageLane& got, const StageLane& want) {
  EXPECT_EQ(got.begin_ns(), want.begin_ns());
  EXPECT_EQ(got.end_ns(), want.end_ns());
  EXPECT_EQ(got.dropped(), want.dropped());
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(got[i].stage, want[i].stage);
    EXPECT_EQ(got[i].begin_ns, want[i].begin_ns);
    EXPECT_EQ(got[i].end_ns, want[i].end_ns);
  }
}

inline void expect_same(const TaskCounters& got, const TaskCounters& want) {
  for (const TaskCounter& counter : kTaskCounters) {
    EXPECT_EQ(counter.get(got), counter.get(want)) << counter.name;
  }
  EXPECT_EQ(got.gap_counts, want.gap_counts);
}

inline void expect_same(const RequestRecord& got, const RequestRecord& want) {
  SCOPED_TRACE(want.request_id);
  EXPECT_EQ(got.request_id, want.request_id);
  EXPECT_EQ(got.method, want.method);
  EXPECT_EQ(got.path, want.path);
  EXPECT_EQ(got.routed, want.routed);
  EXPECT_EQ(got.arrived_unix_ms, want.arrived_unix_ms);
  EXPECT_EQ(got.status, want.status);
  EXPECT_EQ(got.error_code, want.error_code);
  EXPECT_EQ(got.key, want.key);
  expect_same(got.lane, want.lane);
  EXPECT_EQ(got.history_dropped, want.history_dropped);
  EXPECT_EQ(got.input_chars, want.input_chars);
  EXPECT_EQ(got.input_tokens, want.input_tokens);
  EXPECT_EQ(got.requests_ahead, want.requests_ahead);
  EXPECT_EQ(got.input_text, want.input_text);
  EXPECT_EQ(got.cpu_ns, want.cpu_ns);
  EXPECT_EQ(got.minor_faults, want.minor_faults);
  EXPECT_EQ(got.major_faults, want.major_faults);
  EXPECT_EQ(got.context_switches, want.context_switches);
  EXPECT_EQ(got.resident_bytes, want.resident_bytes);
  ASSERT_EQ(got.client_times.has_value(), want.client_times.has_value());
  if (want.client_times) {
    EXPECT_EQ(got.client_times->first_byte_ns, want.client_times->first_byte_ns);
    EXPECT_EQ(got.client_times->first_token_ns, want.client_times->first_token_ns);
    EXPECT_EQ(got.client_times->last_byte_ns, want.client_times->last_byte_ns);
    EXPECT_EQ(got.client_times->done_ns, want.client_times->done_ns);
  }
  ASSERT_EQ(got.tasks.size(), want.tasks.size());
  for (size_t i = 0; i < want.tasks.size(); ++i) {
    EXPECT_EQ(got.tasks[i].task, want.tasks[i].task);
    expect_same(got.tasks[i].lane, want.tasks[i].lane);
    expect_same(got.tasks[i].counters, want.tasks[i].counters);
    EXPECT_EQ(got.tasks[i].finish_reason, want.tasks[i].finish_reason);
    EXPECT_EQ(got.tasks[i].error_code, want.tasks[i].error_code);
    EXPECT_EQ(got.tasks[i].label, want.tasks[i].label);
    EXPECT_EQ(got.tasks[i].score, want.tasks[i].score);
    EXPECT_EQ(got.tasks[i].output_text, want.tasks[i].output_text);
    EXPECT_EQ(got.tasks[i].prompt_version, want.tasks[i].prompt_version);
  }
}

}  // namespace qaio
