// Times as they are printed and archived: in whole microseconds that add up.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "record/record.h"
#include "trace/trace.h"

namespace qaio {

// One lane in whole microseconds. Interval ends, not durations, are rounded (relative to the
// lane's begin), so that stages plus unattributed equal the total exactly and none is negative.
struct LaneMicros {
  std::array<int64_t, kStageCount> stages{};
  int64_t unattributed = 0;
  int64_t total = 0;

  int64_t operator[](Stage stage) const { return stages[static_cast<size_t>(stage)]; }
};
LaneMicros lane_micros(const StageLane& lane);

// The times of request_times.h. Those that are stages or sums of stages are made of the rounded
// stages, as whoever reads both may add them up; the others are rounded from ns.
struct RequestMicros {
  int64_t model_inference_us = 0;
  int64_t prompt_build_us = 0;
  int64_t output_parse_us = 0;
  int64_t queue_us = 0;
  std::optional<int64_t> ttft_us;
  std::optional<int64_t> ttft_since_scheduled_us;
  std::optional<int64_t> tpot_us;
};
RequestMicros request_micros(const RequestRecord& record);

// The client's times, and client_split() of the rounded ones, so that network, the lane's total and
// rendering add up as they are printed.
struct ClientMicros {
  int64_t first_byte_us = 0;
  std::optional<int64_t> first_token_us;
  int64_t last_byte_us = 0;
  int64_t done_us = 0;
  int64_t network_us = 0;
  int64_t rendering_us = 0;
};
std::optional<ClientMicros> client_micros(const RequestRecord& record);

}  // namespace qaio
