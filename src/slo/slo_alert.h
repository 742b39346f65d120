// The states of a rule's alert.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/time_units.h"

namespace qaio {

enum class SloState : uint8_t { kOk, kPending, kFiring, kResolved };
inline constexpr size_t kSloStateCount = 4;
std::string_view slo_state_name(SloState state);  // "ok", "pending", "firing", "resolved"

enum class SloVerdict : uint8_t {
  kKept,
  kBroken,
  kTooFew,  // samples: nothing can be said, which is no reason to alarm or to go on alarming
};
std::string_view slo_verdict_name(SloVerdict verdict);  // "kept", "broken", "too_few"

struct SloTransition {
  SloState from = SloState::kOk;
  SloState to = SloState::kOk;
};

// ok -> pending -> firing -> resolved -> ok, and resolved -> pending. A condition that changes back
// and forth moves nothing until it has stayed for a time: firing begins when it was broken for
// `for_ns` without a break, pending ends when it was not broken for as long, firing ends when it
// was not broken for `keep_firing_for_ns`. So every pending lasts at least the one, every firing at
// least the other. Times never run backwards.
class SloAlert {
 public:
  // How long an alert is shown as resolved, as Prometheus does.
  static constexpr int64_t kResolvedNs = 15 * 60 * kSecondNs;

  SloAlert(int64_t for_ns, int64_t keep_firing_for_ns, TimeNs now)
      : for_ns_(for_ns), keep_firing_for_ns_(keep_firing_for_ns), turned_ns_(now), since_ns_(now) {}

  // At most one change for each call.
  std::optional<SloTransition> update(SloVerdict verdict, TimeNs now);

  SloState state() const { return state_; }
  TimeNs since_ns() const { return since_ns_; }  // of the state

 private:
  SloState next(TimeNs now) const;

  int64_t for_ns_;
  int64_t keep_firing_for_ns_;
  SloState state_ = SloState::kOk;
  bool broken_ = false;
  TimeNs turned_ns_;  // since when broken_ is as it is
  TimeNs since_ns_;
};

}  // namespace qaio
