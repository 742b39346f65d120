#include "observe/sla_event.h"

#include <algorithm>

namespace qaio {
namespace {

static_assert(kRequestTimeNames[0] == "total_response_time");

constexpr int kTooManyRequests = 429;
constexpr int kClientError = 400;
constexpr int kServerError = 500;

template <typename Names>
std::optional<size_t> index_in(const Names& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<size_t>(found - names.begin());
}

bool taken_by_engine(const RequestRecord& record) {
  return std::ranges::any_of(record.tasks,
                             [](const TaskRecord& task) { return task.counters.submitted_ns != 0; });
}

}  // namespace

const RequestTimes& RecordTimes::request() const {
  if (!request_) request_ = request_times(record_);
  return *request_;
}

const std::vector<TaskTimes>& RecordTimes::tasks() const {
  if (tasks_.empty()) {
    for (const TaskRecord& task : record_.tasks) tasks_.push_back(task_times(task));
  }
  return tasks_;
}

bool failed_by_server(const RequestRecord& record) {
  return record.status >= kServerError || record.status == kTooManyRequests ||
         (record.status < kClientError && !record.error_code.empty());
}

SlaMetric::SlaMetric(const SlaRule& rule) : rule_(rule) {
  request_index_ = index_in(kRequestTimeNames, rule.metric);
  if (!rule.task.empty() || !request_index_) task_index_ = index_in(kTaskTimeNames, rule.metric);
}

// A refused request has not come to its tasks, so a rule about one task does not see it.
bool SlaMetric::concerns(const RequestRecord& record) const {
  if (only_looks(record)) return false;
  return rule_.task.empty() ||
         std::ranges::find(record.tasks, rule_.task, &TaskRecord::task) != record.tasks.end();
}

std::optional<int64_t> SlaMetric::time_of(const RecordTimes& times) const {
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

SlaEvent SlaMetric::of(const RecordTimes& times) const {
  SlaEvent event;
  const RequestRecord& record = times.record();
  if (!concerns(record)) return event;
  event.time_ns = time_of(times);
  const bool too_slow = event.time_ns && *event.time_ns > rule_.threshold_ns;
  const bool has_answer = record.status < kClientError && !record.tasks.empty();
  if (failed_by_server(record) || too_slow) {
    event.kind = SlaEvent::Kind::kBad;
  } else if (has_answer && (rule_.of_errors() || event.time_ns)) {
    event.kind = SlaEvent::Kind::kGood;
  }
  return event;
}

}  // namespace qaio
