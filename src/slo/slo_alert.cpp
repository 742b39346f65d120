#include "slo/slo_alert.h"

namespace qaio {

std::string_view slo_state_name(SloState state) {
  switch (state) {
    case SloState::kOk:
      return "ok";
    case SloState::kPending:
      return "pending";
    case SloState::kFiring:
      return "firing";
    case SloState::kResolved:
      return "resolved";
  }
  return "unknown";
}

std::string_view slo_verdict_name(SloVerdict verdict) {
  switch (verdict) {
    case SloVerdict::kKept:
      return "kept";
    case SloVerdict::kBroken:
      return "broken";
    case SloVerdict::kTooFew:
      return "too_few";
  }
  return "unknown";
}

SloState SloAlert::next(TimeNs now) const {
  const int64_t held_ns = now - turned_ns_;
  switch (state_) {
    case SloState::kOk:
    case SloState::kResolved:
      if (broken_) return for_ns_ == 0 ? SloState::kFiring : SloState::kPending;
      return now - since_ns_ >= kResolvedNs ? SloState::kOk : state_;
    case SloState::kPending:
      if (held_ns < for_ns_) return state_;
      return broken_ ? SloState::kFiring : SloState::kOk;
    case SloState::kFiring:
      return !broken_ && held_ns >= keep_firing_for_ns_ ? SloState::kResolved : state_;
  }
  return state_;
}

std::optional<SloTransition> SloAlert::update(SloVerdict verdict, TimeNs now) {
  const bool broken = verdict == SloVerdict::kBroken;
  if (broken != broken_) {
    broken_ = broken;
    turned_ns_ = now;
  }
  const SloTransition change{state_, next(now)};
  if (change.to == change.from) return std::nullopt;
  state_ = change.to;
  since_ns_ = now;
  return change;
}

}  // namespace qaio
