#include "observe/sla_monitor.h"

#include <algorithm>
#include <utility>

namespace qaio {

SlaMonitor::SlaMonitor(const std::vector<SlaRule>& rules,
                       std::vector<std::unique_ptr<SlaAction>> actions, const Clock& clock)
    : clock_(clock), start_ns_(clock.now_ns()), actions_(std::move(actions)) {
  trackers_.reserve(rules.size());
  for (const SlaRule& rule : rules) trackers_.emplace_back(rule, 0, clock.wall_unix_ms());
}

TimeNs SlaMonitor::later_now() {
  now_ns_ = std::max(now_ns_, clock_.now_ns() - start_ns_);
  return now_ns_;
}

void SlaMonitor::consume(std::span<const RecordPtr> records) {
  std::vector<SlaStatus> changed;
  TimeNs now = 0;
  {
    const std::lock_guard lock(mutex_);
    now = later_now();
    for (const RecordPtr& record : records) {
      const RecordTimes times(*record);
      for (SlaTracker& tracker : trackers_) tracker.add(times, now);
    }
    for (SlaTracker& tracker : trackers_) {
      if (tracker.evaluate(now, clock_.wall_unix_ms())) changed.push_back(tracker.status(now));
    }
  }
  for (const auto& action : actions_) {
    for (const SlaStatus& status : changed) {
      if (action->wants(status.rule)) action->changed(status);
    }
    if (action->wants_repeat(now)) action->repeat(snapshot(), now);
  }
}

void SlaMonitor::begin_stop() {
  for (const auto& action : actions_) action->begin_stop();
}

std::vector<SlaStatus> SlaMonitor::snapshot() const {
  const std::lock_guard lock(mutex_);
  std::vector<SlaStatus> all;
  all.reserve(trackers_.size());
  for (const SlaTracker& tracker : trackers_) all.push_back(tracker.status(now_ns_));
  return all;
}

std::vector<SlaActionCounts> SlaMonitor::action_counts() const {
  std::vector<SlaActionCounts> all;
  all.reserve(actions_.size());
  for (const auto& action : actions_) all.push_back(action->counts());
  return all;
}

}  // namespace qaio
