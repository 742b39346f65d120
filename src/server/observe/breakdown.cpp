#include "server/observe/breakdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "record/rounded_times.h"

namespace qaio {
namespace {

const TaskRecord* find_task(const RequestRecord& record, std::string_view name) {
  const auto it = std::ranges::find(record.tasks, name, &TaskRecord::task);
  return it == record.tasks.end() ? nullptr : &*it;
}

double cpu_cores(const RequestRecord& record) {
  const int64_t wall_ns = record.lane.wall_ns();
  return wall_ns > 0 ? static_cast<double>(record.cpu_ns) / static_cast<double>(wall_ns) : 0;
}

double resident_mib(const RequestRecord& record) {
  return static_cast<double>(record.resident_bytes) / (1 << 20);
}

}  // namespace

Breakdown make_breakdown(const RequestRecord& record) {
  const LaneMicros request = lane_micros(record.lane);
  Breakdown out;
  out.total_us = request.total;
  std::vector<Figure>& figures = out.figures;
  if (const TaskRecord* task = find_task(record, "sentiment")) {
    figures.push_back({"sentiment_analysis", lane_micros(task->lane).total});
  }
  if (!record.tasks.empty()) figures.push_back({"prompt_build", 0});
  const size_t prompt_build = figures.size() - 1;
  if (const TaskRecord* task = find_task(record, "chat")) {
    figures.push_back({"response_generation", lane_micros(task->lane).total});
  }
  for (size_t i = 0; i < kStageCount; ++i) {
    const auto stage = static_cast<Stage>(i);
    if (request[stage] > 0 || stage < Stage::kHttpWrite) {
      figures.push_back({std::string(stage_name(stage)), request[stage]});
    }
  }
  figures.push_back({"unattributed", request.unattributed});
  for (const TaskRecord& task : record.tasks) {
    const LaneMicros lane = lane_micros(task.lane);
    figures[prompt_build].us += lane[Stage::kPromptBuild] + lane[Stage::kTokenize];
    std::array<bool, kStageCount> seen{};
    for (size_t i = 0; i < task.lane.size(); ++i) {
      const Stage stage = task.lane[i].stage;
      if (std::exchange(seen[static_cast<size_t>(stage)], true)) continue;
      figures.push_back({fmt::format("{}.{}", task.task, stage_name(stage)), lane[stage]});
    }
    figures.push_back({task.task + ".unattributed", lane.unattributed});
    figures.push_back({task.task + ".total", lane.total});
  }
  return out;
}

void write_times(const RequestRecord& record, const Breakdown& breakdown, JsonWriter& json) {
  json.key("total_response_time_ms").thousandths(breakdown.total_us);
  json.key("breakdown").begin_object();
  for (const Figure& figure : breakdown.figures) json.key(figure.name).thousandths(figure.us);
  json.end_object();

  const RequestMicros times = request_micros(record);
  const auto optional_ms = [&](std::string_view name, const std::optional<int64_t>& us) {
    json.key(name);
    us ? json.thousandths(*us) : json.null();
  };
  json.key("metrics").begin_object();
  json.key("total_response_time").thousandths(breakdown.total_us);
  json.key("model_inference_time").thousandths(times.model_inference_us);
  json.key("prompt_build_time").thousandths(times.prompt_build_us);
  json.key("output_parse_time").thousandths(times.output_parse_us);
  json.key("queue_time").thousandths(times.queue_us);
  optional_ms("ttft", times.ttft_us);
  optional_ms("ttft_since_scheduled", times.ttft_since_scheduled_us);
  optional_ms("tpot", times.tpot_us);
  json.key("cpu_usage").thousandths(static_cast<int64_t>(cpu_cores(record) * 1000));
  json.key("memory_usage").thousandths(static_cast<int64_t>(resident_mib(record) * 1000));
  json.end_object();
}

std::string server_timing(const Breakdown& breakdown) {
  std::string out = fmt::format("total;dur={}", format_thousandths(breakdown.total_us));
  for (const Figure& figure : breakdown.figures) {
    fmt::format_to(std::back_inserter(out), ", {};dur={}", figure.name,
                   format_thousandths(figure.us));
  }
  return out;
}

}  // namespace qaio
