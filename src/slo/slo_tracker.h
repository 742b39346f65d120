// One rule over time: its windows and its alert.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/histogram.h"
#include "slo/slo_event.h"
#include "slo/slo_status.h"
#include "stats/sliding_window.h"

namespace qaio {

// Not thread-safe. Times are since any moment before all of them and never run backwards.
//
// Whether a percentile is above the threshold is decided by counting requests on either side of it,
// which is exact; the histogram is for showing the value and at most 0.8 % above. Memory: up to
// 10 KiB for each of 13 parts if times spread over three powers of ten, whatever the traffic.
class SloTracker {
 public:
  SloTracker(SloRule rule, TimeNs now, int64_t now_unix_ms);

  void add(const RecordTimes& times, TimeNs now);
  // The change of state, if there is one.
  std::optional<SloTransition> evaluate(TimeNs now, int64_t now_unix_ms);
  SloStatus status(TimeNs now) const;
  const SloRule& rule() const { return rule_; }

 private:
  struct Part {
    SloCounts counts;
    uint64_t within = 0;  // times up to the threshold
    uint64_t beyond = 0;
    Histogram times{Histogram::Precision::kCoarse};
  };
  struct Burn {
    Burn(const BurnLimit& limit);
    SlidingWindow<SloCounts> of_long;
    SlidingWindow<SloCounts> of_short;
  };
  struct Seen {  // in the window
    SloCounts counts;
    uint64_t within = 0;
    uint64_t beyond = 0;
    uint64_t samples() const { return within + beyond; }
  };

  Seen seen(TimeNs now) const;
  SloVerdict window_verdict(const Seen& seen) const;
  SloVerdict burn_verdict(TimeNs now) const;
  void show_window(TimeNs now, SloStatus& status) const;
  void show_burns(TimeNs now, SloStatus& status) const;

  SloRule rule_;
  SloMetric metric_;
  TimeNs begin_ns_;
  SlidingWindow<Part> window_;
  std::vector<Burn> burns_;  // as rule_.burn_limits
  SlidingWindow<SloCounts> budget_;
  SloAlert alert_;
  SloVerdict verdict_ = SloVerdict::kTooFew;
  std::optional<SloTransition> last_;
  int64_t since_unix_ms_;
  int64_t starts_unix_ms_ = 0;
  int64_t ends_unix_ms_ = 0;
  uint64_t fired_ = 0;
};

}  // namespace qaio
