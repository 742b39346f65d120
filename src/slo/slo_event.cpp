#include "slo/slo_event.h"

#include <algorithm>

namespace qaio {
namespace {

static_assert(kRequestTimeNames[0] == "total_response_time");

template <typename Names>
std::optional<size_t> index_in(const Names& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<size_t>(found - names.begin());
}

bool taken_by_engine(const RequestRecord& record) {
  return std::ranges::any_of(
      record.tasks, [](const TaskRecord& task) { return task.counters.submitted_ns != 0; });
}

}  // namespace

const NamedRequestTimes& RecordTimes::request() const {
  if (!request_) request_ = named_times(record_);
  return *request_;
}

const std::vector<NamedTaskTimes>& RecordTimes::tasks() const {
  if (tasks_.empty()) {
    for (const TaskRecord& task : record_.tasks) tasks_.push_back(named_times(task));
  }
  return tasks_;
}

SloMetric::SloMetric(const SloRule& rule) : rule_(rule) {
  request_index_ = index_in(kRequestTimeNames, rule.metric);
  if (!rule.task.empty() || !request_index_) task_index_ = index_in(kTaskTimeNames, rule.metric);
}

// A refused request has not come to its tasks, so a rule about one task does not see it.
bool SloMetric::concerns(const RequestRecord& record) const {
  if (only_observes(record)) return false;
  return rule_.task.empty() ||
         std::ranges::find(record.tasks, rule_.task, &TaskRecord::task) != record.tasks.end();
}

std::optional<int64_t> SloMetric::time_of(const RecordTimes& times) const {
  const RequestRecord& record = times.record();
  if (rule_.of_errors() || !taken_by_engine(record)) return std::nullopt;
  if (!task_index_ && request_index_ == size_t{0}) return record.lane.wall_ns();  // the usual one
  if (!task_index_) return times.request()[*request_index_];
  std::optional<int64_t> longest;
  for (size_t i = 0; i < record.tasks.size(); ++i) {
    if (!rule_.task.empty() && record.tasks[i].task != rule_.task) continue;
    longest = std::max(longest, times.tasks()[i][*task_index_]);  // absent is less than any
  }
  return longest;
}

SloEvent SloMetric::event(std::optional<int64_t> time_ns, Outcome outcome, bool ran_tasks) const {
  SloEvent event;
  if (outcome == Outcome::kClientError) return event;
  event.time_ns = time_ns;
  const bool too_slow = time_ns && *time_ns > rule_.threshold_ns;
  if (is_unavailability(outcome) || too_slow) {
    event.kind = SloEvent::Kind::kBad;
  } else if (outcome == Outcome::kAnswered && ran_tasks && (rule_.of_errors() || time_ns)) {
    event.kind = SloEvent::Kind::kGood;
  }
  return event;
}

SloEvent SloMetric::of(const RecordTimes& times) const {
  const RequestRecord& record = times.record();
  if (!concerns(record)) return {};
  return event(time_of(times), outcome_of(record), !record.tasks.empty());
}

std::optional<SloEvent> SloMetric::of(const CompactRecord& request) const {
  const bool of_total = !task_index_ && request_index_ == size_t{0};
  if (!rule_.task.empty() || !(rule_.of_errors() || of_total)) return std::nullopt;
  if (request.only_observes) return SloEvent();
  std::optional<int64_t> time_ns;
  if (of_total && request.taken_by_engine()) time_ns = request.lane.wall_ns();
  return event(time_ns, request.outcome(), !request.tasks.empty());
}

}  // namespace qaio
