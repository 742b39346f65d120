#include "observe/sla_alert.h"

namespace qaio {

std::string_view sla_state_name(SlaState state) {
  switch (state) {
    case SlaState::kOk:
      return "ok";
    case SlaState::kPending:
      return "pending";
    case SlaState::kFiring:
      return "firing";
    case SlaState::kResolved:
      return "resolved";
  }
  return "unknown";
}

std::string_view sla_verdict_name(SlaVerdict verdict) {
  switch (verdict) {
    case SlaVerdict::kKept:
      return "kept";
    case SlaVerdict::kBroken:
      return "broken";
    case SlaVerdict::kTooFew:
      return "too_few";
  }
  return "unknown";
}

SlaState SlaAlert::next(TimeNs now) const {
  const int64_t held_ns = now - turned_ns_;
  switch (state_) {
    case SlaState::kOk:
    case SlaState::kResolved:
      if (broken_) return for_ns_ == 0 ? SlaState::kFiring : SlaState::kPending;
      return now - since_ns_ >= kResolvedNs ? SlaState::kOk : state_;
    case SlaState::kPending:
      if (held_ns < for_ns_) return state_;
      return broken_ ? SlaState::kFiring : SlaState::kOk;
    case SlaState::kFiring:
      return !broken_ && held_ns >= keep_firing_for_ns_ ? SlaState::kResolved : state_;
  }
  return state_;
}

std::optional<SlaTransition> SlaAlert::update(SlaVerdict verdict, TimeNs now) {
  const bool broken = verdict == SlaVerdict::kBroken;
  if (broken != broken_) {
    broken_ = broken;
    turned_ns_ = now;
  }
  const SlaTransition change{state_, next(now)};
  if (change.to == change.from) return std::nullopt;
  state_ = change.to;
  since_ns_ = now;
  return change;
}

}  // namespace qaio
