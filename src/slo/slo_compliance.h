// How a rule was kept over a set of records, for reports.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "record/compact_record.h"
#include "slo/slo_status.h"

namespace qaio {

struct SloCompliance {
  SloRule rule;
  uint64_t samples = 0;         // that `value` is of
  std::optional<double> value;  // exact, over all of them; absent without samples
  double threshold = 0;         // in the same unit: ms, a ratio
  SloCounts counts;
  // Of a percentile and of a share: as the rule says, over all records instead of its window. Of a
  // rule with burn limits: kBroken if its objective was missed.
  SloVerdict verdict = SloVerdict::kTooFew;

  double good_share() const { return 1 - counts.bad_share(); }
  double budget_left() const { return budget_remaining(counts, rule.objective); }
};

// Rules about whole requests' total time or errors need the facts alone, others every record.
std::vector<SloCompliance> slo_compliance(const CompactRecords& set,
                                          std::span<const SloRule> rules);

}  // namespace qaio
