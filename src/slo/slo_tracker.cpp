#include "slo/slo_tracker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace qaio {
namespace {

// Parts cost memory and time, and make windows sharper: those that hold histograms have few.
constexpr int64_t kTimeParts = 12;
constexpr int64_t kCountParts = 30;
constexpr int64_t kBudgetParts = 120;

SloCounts sum(const SlidingWindow<SloCounts>& window, TimeNs now) {
  SloCounts counts;
  window.each(now, [&](const SloCounts& part) { counts.merge(part); });
  return counts;
}

void count(SloEvent::Kind kind, SloCounts& counts) {
  if (kind == SloEvent::Kind::kGood) ++counts.good;
  if (kind == SloEvent::Kind::kBad) ++counts.bad;
}

// Histogram::percentile_ns(percent) <= threshold, of exact times: as many as its rank are within.
bool percentile_is_within(double percent, uint64_t within, uint64_t beyond) {
  const double rank = std::ceil(percent * static_cast<double>(within + beyond) / 100 - 1e-9);
  return static_cast<double>(within) >= std::max(rank, 1.0);
}

std::string value_text(double value, SloUnit unit) {
  switch (unit) {
    case SloUnit::kMilliseconds:
      return fmt::format("{:.{}f} ms", value, value < 100 ? 1 : 0);
    case SloUnit::kRatio:
      return fmt::format("{:.3g} %", 100 * value);
    case SloUnit::kBurnRate:
      return fmt::format("a rate of {:.3g}", value);
  }
  return {};
}

}  // namespace

SloTracker::Burn::Burn(const BurnLimit& limit)
    : of_long(limit.long_ns, kCountParts), of_short(limit.short_ns, kCountParts) {}

SloTracker::SloTracker(SloRule rule, TimeNs now, int64_t now_unix_ms)
    : rule_(std::move(rule)),
      metric_(rule_),
      begin_ns_(now),
      window_(rule_.window_ns, kTimeParts),
      burns_(rule_.burn_limits.begin(), rule_.burn_limits.end()),
      budget_(rule_.period_ns, kBudgetParts),
      alert_(rule_.for_ns, rule_.keep_firing_for_ns, now),
      since_unix_ms_(now_unix_ms) {}

void SloTracker::add(const RecordTimes& times, TimeNs now) {
  const SloEvent event = metric_.of(times);
  if (event.kind != SloEvent::Kind::kNone) {
    count(event.kind, budget_.current(now));
    for (Burn& burn : burns_) {
      count(event.kind, burn.of_long.current(now));
      count(event.kind, burn.of_short.current(now));
    }
  }
  if (rule_.by_burn_rate()) return;
  Part& part = window_.current(now);
  count(event.kind, part.counts);
  if (!event.time_ns) return;
  ++(*event.time_ns <= rule_.threshold_ns ? part.within : part.beyond);
  part.times.add(*event.time_ns);
}

SloTracker::Seen SloTracker::seen(TimeNs now) const {
  Seen seen;
  window_.each(now, [&](const Part& part) {
    seen.counts.merge(part.counts);
    seen.within += part.within;
    seen.beyond += part.beyond;
  });
  return seen;
}

SloVerdict SloTracker::window_verdict(const Seen& seen) const {
  bool broken = false;
  if (rule_.of_errors()) {
    if (seen.counts.total() < rule_.samples_min) return SloVerdict::kTooFew;
    broken = seen.counts.bad_share() > rule_.threshold_ratio;
  } else {
    if (seen.samples() < std::max<uint64_t>(rule_.samples_min, 1)) return SloVerdict::kTooFew;
    broken = !percentile_is_within(rule_.percentile, seen.within, seen.beyond);
  }
  return broken ? SloVerdict::kBroken : SloVerdict::kKept;
}

SloVerdict SloTracker::burn_verdict(TimeNs now) const {
  SloVerdict verdict = SloVerdict::kTooFew;
  for (size_t i = 0; i < burns_.size(); ++i) {
    const SloCounts of_long = sum(burns_[i].of_long, now);
    if (of_long.total() < rule_.samples_min) continue;
    const double limit = rule_.burn_limits[i].rate;
    const SloCounts of_short = sum(burns_[i].of_short, now);
    if (burn_rate(of_long, rule_.objective) > limit &&
        burn_rate(of_short, rule_.objective) > limit) {
      return SloVerdict::kBroken;
    }
    verdict = SloVerdict::kKept;
  }
  return verdict;
}

std::optional<SloTransition> SloTracker::evaluate(TimeNs now, int64_t now_unix_ms) {
  verdict_ = rule_.by_burn_rate() ? burn_verdict(now) : window_verdict(seen(now));
  const std::optional<SloTransition> change = alert_.update(verdict_, now);
  if (!change) return change;
  last_ = change;
  since_unix_ms_ = now_unix_ms;
  if (change->to == SloState::kFiring) {
    ++fired_;
    starts_unix_ms_ = now_unix_ms;
    ends_unix_ms_ = 0;
  } else if (change->to == SloState::kResolved) {
    // The wall clock may have been set back meanwhile.
    ends_unix_ms_ = std::max(now_unix_ms, starts_unix_ms_ + 1);
  }
  return change;
}

void SloTracker::show_window(TimeNs now, SloStatus& status) const {
  const Seen seen_now = seen(now);
  status.window_burn_rate = burn_rate(seen_now.counts, rule_.objective);
  if (rule_.of_errors()) {
    status.threshold = rule_.threshold_ratio;
    status.samples = seen_now.counts.total();
    if (status.samples > 0) status.value = seen_now.counts.bad_share();
    return;
  }
  status.threshold = static_cast<double>(rule_.threshold_ns) / 1e6;
  status.samples = seen_now.samples();
  if (status.samples == 0) return;
  Histogram times(Histogram::Precision::kCoarse);
  window_.each(now, [&](const Part& part) { times.merge(part.times); });
  int64_t value_ns = times.percentile_ns(rule_.percentile);
  // Its error must not contradict what is decided exactly.
  if (percentile_is_within(rule_.percentile, seen_now.within, seen_now.beyond)) {
    value_ns = std::min(value_ns, rule_.threshold_ns);
  }
  status.value = static_cast<double>(value_ns) / 1e6;
}

void SloTracker::show_burns(TimeNs now, SloStatus& status) const {
  double nearest = -1;
  for (size_t i = 0; i < burns_.size(); ++i) {
    const BurnLimit& limit = rule_.burn_limits[i];
    const SloCounts of_long = sum(burns_[i].of_long, now);
    const double long_rate = burn_rate(of_long, rule_.objective);
    const double short_rate = burn_rate(sum(burns_[i].of_short, now), rule_.objective);
    status.burns.push_back({limit, long_rate, short_rate});
    const double both = std::min(long_rate, short_rate);
    if (both / limit.rate <= nearest) continue;
    nearest = both / limit.rate;
    status.threshold = limit.rate;
    status.samples = of_long.total();
    status.value.reset();
    if (status.samples > 0) status.value = both;
  }
}

SloStatus SloTracker::status(TimeNs now) const {
  SloStatus status;
  status.rule = rule_;
  status.state = alert_.state();
  status.since_unix_ms = since_unix_ms_;
  status.verdict = verdict_;
  rule_.by_burn_rate() ? show_burns(now, status) : show_window(now, status);
  status.budget = sum(budget_, now);
  status.budget_covered_ns = std::min(now - begin_ns_, rule_.period_ns);
  status.last = last_;
  status.starts_unix_ms = starts_unix_ms_;
  status.ends_unix_ms = ends_unix_ms_;
  status.fired = fired_;
  return status;
}

std::string slo_sentence(const SloStatus& status) {
  const SloUnit unit = status.rule.unit();
  if (!status.value) return slo_condition(status.rule) + ": no requests";
  return fmt::format("{}: {}, {} request{}{}", slo_condition(status.rule),
                     value_text(*status.value, unit), status.samples,
                     status.samples == 1 ? "" : "s",
                     status.verdict == SloVerdict::kTooFew ? ", too few to tell" : "");
}

}  // namespace qaio
