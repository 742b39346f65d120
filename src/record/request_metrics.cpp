#include "record/request_metrics.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "trace/derive.h"

namespace qaio {
namespace {

int64_t to_us(int64_t ns) { return (ns + 500) / 1000; }

// The time in which at least one task was in prefill, decode or score: side by side counts once.
int64_t model_inference_ns(const RequestRecord& record) {
  std::vector<std::pair<TimeNs, TimeNs>> busy;
  for (const TaskRecord& task : record.tasks) {
    for (size_t i = 0; i < task.lane.size(); ++i) {
      const Lane::Interval& interval = task.lane[i];
      if (interval.stage == Stage::kPrefill || interval.stage == Stage::kDecode ||
          interval.stage == Stage::kScore) {
        busy.emplace_back(interval.begin_ns, interval.end_ns);
      }
    }
  }
  std::ranges::sort(busy);
  int64_t sum = 0;
  TimeNs covered = 0;
  for (const auto& [begin, end] : busy) {
    sum += std::max<int64_t>(0, end - std::max(begin, covered));
    covered = std::max(covered, end);
  }
  return sum;
}

}  // namespace

LaneMicros lane_micros(const Lane& lane) {
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

RequestMetrics derive_metrics(const RequestRecord& record) {
  RequestMetrics metrics;
  metrics.model_inference_us = to_us(model_inference_ns(record));
  for (const TaskRecord& task : record.tasks) {
    const LaneMicros lane = lane_micros(task.lane);
    const DerivedTimes times = derive(task.lane, task.counters);
    metrics.prompt_build_us += lane[Stage::kPromptBuild] + lane[Stage::kTokenize];
    metrics.output_parse_us += lane[Stage::kOutputParse];
    metrics.queue_us = std::max(metrics.queue_us, lane[Stage::kQueue]);
    if (task.counters.completion_tokens == 0 || task.counters.first_token_ns == 0) continue;
    metrics.ttft_us = to_us(task.counters.first_token_ns - record.lane.begin_ns());
    if (times.ttft_since_scheduled_ns) {
      metrics.ttft_since_scheduled_us = to_us(*times.ttft_since_scheduled_ns);
    }
    if (times.tpot_ns) metrics.tpot_us = to_us(static_cast<int64_t>(*times.tpot_ns));
  }
  const int64_t wall_ns = record.lane.wall_ns();
  if (wall_ns > 0) {
    metrics.cpu_cores = static_cast<double>(record.cpu_ns) / static_cast<double>(wall_ns);
  }
  metrics.resident_mib = static_cast<double>(record.resident_bytes) / (1 << 20);
  return metrics;
}

}  // namespace qaio
