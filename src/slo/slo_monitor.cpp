#include "slo/slo_monitor.h"

#include <algorithm>
#include <utility>

namespace qaio {

SloMonitor::SloMonitor(const std::vector<SloRule>& rules,
                       std::vector<std::unique_ptr<SloAction>> actions, const Clock& clock)
    : clock_(clock), start_ns_(clock.now_ns()), actions_(std::move(actions)) {
  trackers_.reserve(rules.size());
  for (const SloRule& rule : rules) trackers_.emplace_back(rule, 0, clock.wall_unix_ms());
}

TimeNs SloMonitor::later_now() {
  now_ns_ = std::max(now_ns_, clock_.now_ns() - start_ns_);
  return now_ns_;
}

void SloMonitor::consume(std::span<const RecordPtr> records) {
  std::vector<SloStatus> changed;
  TimeNs now = 0;
  {
    const MutexLock lock(mutex_);
    now = later_now();
    for (const RecordPtr& record : records) {
      const RecordTimes times(*record);
      for (SloTracker& tracker : trackers_) tracker.add(times, now);
    }
    for (SloTracker& tracker : trackers_) {
      if (tracker.evaluate(now, clock_.wall_unix_ms())) changed.push_back(tracker.status(now));
    }
  }
  for (const auto& action : actions_) {
    for (const SloStatus& status : changed) {
      if (action->wants(status.rule)) action->changed(status);
    }
    if (action->wants_repeat(now)) action->repeat(snapshot(), now);
  }
}

void SloMonitor::begin_stop() {
  for (const auto& action : actions_) action->begin_stop();
}

std::vector<SloStatus> SloMonitor::snapshot() const {
  const MutexLock lock(mutex_);
  std::vector<SloStatus> all;
  all.reserve(trackers_.size());
  for (const SloTracker& tracker : trackers_) all.push_back(tracker.status(now_ns_));
  return all;
}

std::vector<SloActionCounts> SloMonitor::action_counts() const {
  std::vector<SloActionCounts> all;
  all.reserve(actions_.size());
  for (const auto& action : actions_) all.push_back(action->counts());
  return all;
}

}  // namespace qaio
