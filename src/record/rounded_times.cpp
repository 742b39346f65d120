#include "record/rounded_times.h"

#include <algorithm>

#include "base/time_units.h"
#include "record/request_times.h"

namespace qaio {
namespace {

template <typename Ns>
std::optional<int64_t> to_us(const std::optional<Ns>& ns) {
  if (!ns) return std::nullopt;
  return qaio::to_us(static_cast<int64_t>(*ns));
}

}  // namespace

LaneMicros lane_micros(const StageLane& lane) {
  const auto since_begin = [&](TimeNs time) { return to_us(time - lane.begin_ns()); };
  LaneMicros micros;
  micros.total = micros.unattributed = since_begin(lane.end_ns());
  for (size_t i = 0; i < lane.size(); ++i) {
    const int64_t us = since_begin(lane[i].end_ns) - since_begin(lane[i].begin_ns);
    micros.stages[static_cast<size_t>(lane[i].stage)] += us;
    micros.unattributed -= us;
  }
  return micros;
}

RequestMicros request_micros(const RequestRecord& record) {
  const RequestTimes times = request_times(record);
  RequestMicros micros{.model_inference_us = to_us(times.model_inference_ns),
                       .ttft_us = to_us(times.ttft_ns),
                       .ttft_since_scheduled_us = to_us(times.ttft_since_scheduled_ns),
                       .tpot_us = to_us(times.tpot_ns)};
  for (const TaskRecord& task : record.tasks) {
    const LaneMicros lane = lane_micros(task.lane);
    micros.prompt_build_us += lane[Stage::kPromptBuild] + lane[Stage::kTokenize];
    micros.output_parse_us += lane[Stage::kOutputParse];
    micros.queue_us = std::max(micros.queue_us, lane[Stage::kQueue]);
  }
  return micros;
}

std::optional<ClientMicros> client_micros(const RequestRecord& record) {
  if (!record.client_times) return std::nullopt;
  const ClientTimes& times = *record.client_times;
  ClientMicros micros{.first_byte_us = to_us(times.first_byte_ns),
                      .first_token_us = to_us(times.first_token_ns),
                      .last_byte_us = to_us(times.last_byte_ns),
                      .done_us = to_us(times.done_ns)};
  micros.network_us = std::max<int64_t>(0, micros.last_byte_us - to_us(record.lane.wall_ns()));
  micros.rendering_us = micros.done_us - micros.last_byte_us;
  return micros;
}

}  // namespace qaio
