// How a rule was kept over a set of records, for reports.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "observe/request_facts.h"
#include "observe/sla_status.h"

namespace qaio {

struct SlaCompliance {
  SlaRule rule;
  uint64_t samples = 0;         // that `value` is of
  std::optional<double> value;  // exact, over all of them; absent without samples
  double threshold = 0;         // in the same unit: ms, a ratio
  SlaCounts counts;
  // Of a percentile and of a share: as the rule says, over all records instead of its window. Of a
  // rule with burn limits: kBroken if its objective was missed.
  SlaVerdict verdict = SlaVerdict::kTooFew;

  double good_share() const { return 1 - counts.bad_share(); }
  double budget_left() const { return budget_remaining(counts, rule.objective); }
};

// Rules about whole requests' total time or errors need the facts alone, others every record.
std::vector<SlaCompliance> sla_compliance(const FactSet& set, std::span<const SlaRule> rules);

}  // namespace qaio
