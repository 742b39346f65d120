// Holds the rules against the records.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "record/observer.h"
#include "slo/slo_action.h"
#include "slo/slo_tracker.h"

namespace qaio {

// The rules are evaluated each time the observer calls, at least every 50 ms; actions are called
// outside of any lock.
class SloMonitor final : public RecordConsumer {
 public:
  // The clock outlives it.
  SloMonitor(const std::vector<SloRule>& rules, std::vector<std::unique_ptr<SloAction>> actions,
             const Clock& clock);

  void consume(std::span<const RecordPtr> records) override;
  // After the last record: what the actions have to tell gets its moment from now on, all at once.
  // The destructor waits for it.
  void begin_stop();

  // Any thread.
  std::vector<SloStatus> snapshot() const;  // of every rule
  std::vector<SloActionCounts> action_counts() const;

 private:
  // Since start_ns_; the windows want time to go on, whatever the clock does.
  TimeNs later_now() QAIO_REQUIRES(mutex_);

  const Clock& clock_;
  const TimeNs start_ns_;
  const std::vector<std::unique_ptr<SloAction>> actions_;
  mutable Mutex mutex_;
  TimeNs now_ns_ QAIO_GUARDED_BY(mutex_) = 0;  // of the latest evaluation
  std::vector<SloTracker> trackers_ QAIO_GUARDED_BY(mutex_);
};

}  // namespace qaio
