#include "record/compact_record.h"

#include <algorithm>
#include <utility>

#include "record/rounded_times.h"

namespace qaio {
namespace {

CompactTask task_facts(const TaskRecord& task, TimeNs origin_ns, uint32_t name) {
  CompactTask facts;
  facts.lane = TaskLane(task.lane.wall_ns());
  for (size_t i = 0; i < task.lane.size(); ++i) {
    const StageLane::Interval& interval = task.lane[i];
    facts.add(interval.stage, interval.begin_ns - origin_ns, interval.end_ns - origin_ns);
  }
  facts.end_ns = task.lane.end_ns() - origin_ns;
  facts.name = name;
  for (const FactCounter& fact : kFactCounters) fact.set(facts, fact.counter.get(task.counters));
  facts.submitted = task.counters.submitted_ns != 0;
  return facts;
}

CompactRecord request_facts(const RequestRecord& record) {
  const RequestMicros times = request_micros(record);
  CompactRecord facts;
  facts.lane = RequestLane(record.lane.wall_ns());
  for (size_t i = 0; i < record.lane.size(); ++i)
    facts.lane.add(record.lane[i].stage, record.lane[i].end_ns - record.lane[i].begin_ns);
  facts.arrived_unix_ms = record.arrived_unix_ms;
  facts.begin_ns = record.lane.begin_ns();
  facts.status = record.status;
  facts.only_observes = only_observes(record);
  facts.model_inference_us = times.model_inference_us;
  facts.ttft_us = times.ttft_us.value_or(CompactRecord::kNone);
  facts.ttft_since_scheduled_us = times.ttft_since_scheduled_us.value_or(CompactRecord::kNone);
  facts.tpot_us = times.tpot_us.value_or(CompactRecord::kNone);
  if (const std::optional<ClientMicros> client = client_micros(record)) {
    facts.client_network_us = client->network_us;
    facts.client_rendering_us = client->rendering_us;
  }
  facts.input_chars = small_count(record.input_chars);
  facts.cpu_ns = record.cpu_ns;
  facts.minor_faults = small_count(record.minor_faults);
  facts.major_faults = small_count(record.major_faults);
  facts.resident_bytes = record.resident_bytes;
  return facts;
}

std::pair<int64_t, TimeNs> arrival(const CompactRecord* request) {
  return {request->arrived_unix_ms, request->begin_ns};
}

}  // namespace

void CompactTask::add(Stage stage, TimeNs begin_ns, TimeNs stage_end_ns) {
  lane.add(stage, stage_end_ns - begin_ns);
  if (stage != Stage::kPrefill) return;
  if (prefill_end_ns == 0) prefill_begin_ns = begin_ns;
  prefill_end_ns = stage_end_ns;
}

bool CompactRecord::taken_by_engine() const {
  return std::ranges::any_of(tasks, &CompactTask::submitted);
}

const CompactTask& CompactRecord::critical_task() const {
  return *std::ranges::max_element(tasks, {}, &CompactTask::end_ns);
}

uint32_t Names::number(std::string_view name) {
  const auto found = numbers_.find(name);
  if (found != numbers_.end()) return found->second;
  const auto number = static_cast<uint32_t>(names_.size());
  names_.emplace_back(name);
  numbers_.emplace(name, number);
  return number;
}

void CompactBlocks::add(const CompactRecord& request) {
  if (blocks_.empty() || blocks_.back()->requests.size() == kBlockRequests) {
    blocks_.push_back(std::make_unique<Block>());
    blocks_.back()->requests.reserve(kBlockRequests);
    blocks_.back()->first_task.reserve(kBlockRequests);
    blocks_.back()->tasks.reserve(2 * kBlockRequests);
  }
  Block& block = *blocks_.back();
  block.requests.push_back(request);
  block.first_task.push_back(block.tasks.size());
}

void CompactBlocks::list(std::vector<CompactRecord*>& out) {
  for (const auto& block : blocks_) {
    const std::span<const CompactTask> tasks = block->tasks;
    for (size_t i = 0; i < block->requests.size(); ++i) {
      const size_t begin = block->first_task[i];
      const size_t end = i + 1 < block->first_task.size() ? block->first_task[i + 1] : tasks.size();
      block->requests[i].tasks = tasks.subspan(begin, end - begin);
      out.push_back(&block->requests[i]);
    }
  }
}

std::string CompactRecords::id_of(const CompactRecord& request) const {
  const RecordPtr whole = record_of(request);
  return whole == nullptr ? "?" : whole->request_id;
}

CompactRecords compact_records(const RecordSet& set) {
  const auto blocks = std::make_shared<CompactBlocks>();
  const auto records = std::make_shared<std::vector<RecordPtr>>();
  Names tasks;
  Names errors;
  errors.number("");
  for (const RecordSet::Item& item : set.items) {
    CompactRecord request = request_facts(*item.record);
    request.key = std::ssize(*records);
    request.run = item.run;
    request.error = errors.number(item.record->error_code);
    blocks->add(request);
    for (const TaskRecord& task : item.record->tasks)
      blocks->add_task(task_facts(task, item.record->lane.begin_ns(), tasks.number(task.task)));
    records->push_back(item.record);
  }
  CompactRecords facts;
  facts.runs = set.runs;
  facts.tasks = tasks.all();
  facts.errors = errors.all();
  std::vector<CompactRecord*> all;
  blocks->list(all);
  facts.requests.assign(all.begin(), all.end());
  facts.storage.push_back(blocks);
  facts.record = [records](int64_t key) { return (*records)[static_cast<size_t>(key)]; };
  return facts;
}

void sort_by_arrival(std::vector<const CompactRecord*>& requests) {
  // Requests end about as they arrive: each moves over the few it overtook, which takes no time at
  // all. Where they are really out of order, sorting them is what it takes.
  size_t moves_left = 8 * requests.size();
  for (size_t i = 1; i < requests.size(); ++i) {
    const CompactRecord* const request = requests[i];
    size_t at = i;
    for (; at > 0 && arrival(requests[at - 1]) > arrival(request); --at) {
      requests[at] = requests[at - 1];
      if (moves_left > 0) --moves_left;
    }
    requests[at] = request;
    if (moves_left == 0) {
      std::ranges::stable_sort(requests, {}, arrival);
      return;
    }
  }
}

}  // namespace qaio
