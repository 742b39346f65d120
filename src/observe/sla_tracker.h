// One rule over time: its windows and its alert.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/histogram.h"
#include "observe/sla_event.h"
#include "observe/sla_status.h"
#include "observe/sliding_window.h"

namespace qaio {

// Not thread-safe. Times are since any moment before all of them and never run backwards.
//
// Whether a percentile is above the threshold is decided by counting requests on either side of it,
// which is exact; the histogram is for showing the value and at most 0.8 % above. Memory: up to
// 10 KiB for each of 13 parts if times spread over three powers of ten, whatever the traffic.
class SlaTracker {
 public:
  SlaTracker(SlaRule rule, TimeNs now, int64_t now_unix_ms);

  void add(const RecordTimes& times, TimeNs now);
  // The change of state, if there is one.
  std::optional<SlaTransition> evaluate(TimeNs now, int64_t now_unix_ms);
  SlaStatus status(TimeNs now) const;
  const SlaRule& rule() const { return rule_; }

 private:
  struct Part {
    SlaCounts counts;
    uint64_t within = 0;  // times up to the threshold
    uint64_t beyond = 0;
    Histogram times{Histogram::Precision::kCoarse};
  };
  struct Burn {
    Burn(const BurnLimit& limit);
    SlidingWindow<SlaCounts> of_long;
    SlidingWindow<SlaCounts> of_short;
  };
  struct Seen {  // in the window
    SlaCounts counts;
    uint64_t within = 0;
    uint64_t beyond = 0;
    uint64_t samples() const { return within + beyond; }
  };

  Seen seen(TimeNs now) const;
  SlaVerdict window_verdict(const Seen& seen) const;
  SlaVerdict burn_verdict(TimeNs now) const;
  void show_window(TimeNs now, SlaStatus& status) const;
  void show_burns(TimeNs now, SlaStatus& status) const;

  SlaRule rule_;
  SlaMetric metric_;
  TimeNs begin_ns_;
  SlidingWindow<Part> window_;
  std::vector<Burn> burns_;  // as rule_.burn_limits
  SlidingWindow<SlaCounts> budget_;
  SlaAlert alert_;
  SlaVerdict verdict_ = SlaVerdict::kTooFew;
  std::optional<SlaTransition> last_;
  int64_t since_unix_ms_;
  int64_t starts_unix_ms_ = 0;
  int64_t ends_unix_ms_ = 0;
  uint64_t fired_ = 0;
};

}  // namespace qaio
