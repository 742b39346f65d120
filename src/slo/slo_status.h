// How a rule stands, as plain data: for /slo, metrics and those who are told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "slo/slo_alert.h"
#include "slo/slo_rule.h"

namespace qaio {

// Good and bad requests; those that say nothing are in neither.
struct SloCounts {
  uint64_t good = 0;
  uint64_t bad = 0;

  uint64_t total() const { return good + bad; }
  double bad_share() const {
    return total() == 0 ? 0 : static_cast<double>(bad) / static_cast<double>(total());
  }
  void merge(const SloCounts& other) {
    good += other.good;
    bad += other.bad;
  }
};

// What may be bad at most is the budget, what is bad spends it. At 1 everything is left, below 0
// the objective is missed. 1 of no requests.
inline double budget_remaining(const SloCounts& counts, double objective) {
  return 1 - counts.bad_share() / (1 - objective);
}
// 1: the budget lasts exactly its period.
inline double burn_rate(const SloCounts& counts, double objective) {
  return counts.bad_share() / (1 - objective);
}

struct BurnStatus {
  BurnLimit limit;
  double long_rate = 0;
  double short_rate = 0;
};

struct SloStatus {
  SloRule rule;
  SloState state = SloState::kOk;
  int64_t since_unix_ms = 0;  // of the state
  SloVerdict verdict = SloVerdict::kTooFew;
  // What is compared, and with what; in rule.unit(). Of several burn limits, the one that is
  // nearest to being exceeded or most above. Absent without samples.
  std::optional<double> value;
  double threshold = 0;
  uint64_t samples = 0;  // of the window; of the nearest limit's long one
  std::vector<BurnStatus> burns;
  double window_burn_rate = 0;  // over the rule's window; of a rule without burn limits
  SloCounts budget;             // over the rule's period, as far as the program runs
  int64_t budget_covered_ns = 0;
  std::optional<SloTransition> last;  // when: since_unix_ms
  int64_t starts_unix_ms = 0;         // of the latest alert that fired; 0: none
  int64_t ends_unix_ms = 0;           // of it; 0: it fires, or none
  uint64_t fired = 0;                 // times since the start
};

// "p95 of total_response_time over 5m above 1000 ms: 1234 ms, 57 requests"
std::string slo_sentence(const SloStatus& status);

}  // namespace qaio
