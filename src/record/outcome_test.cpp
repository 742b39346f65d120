#include "record/outcome.h"

#include <gtest/gtest.h>

#include "record/compact_record.h"
#include "record/outcomes_for_test.h"

namespace qaio {
namespace {

TEST(Outcome, FollowsFromStatusAndError) {
  for (const OutcomeCase& one : outcome_cases()) {
    EXPECT_EQ(outcome_of(*one.record()), one.outcome) << one.what;
  }
}

TEST(Outcome, FactsHaveThatOfTheirRecord) {
  for (const OutcomeCase& one : outcome_cases()) {
    RecordSet set;
    set.runs.emplace_back();
    set.items.push_back({one.record(), 0});
    const CompactRecords facts = compact_records(set);
    EXPECT_EQ(facts.requests[0]->outcome(), one.outcome) << one.what;
    EXPECT_EQ(facts.requests[0]->answered(), one.outcome == Outcome::kAnswered) << one.what;
  }
}

TEST(Outcome, RefusalsAndFailuresAreUnavailability) {
  EXPECT_TRUE(is_unavailability(Outcome::kRefused));
  EXPECT_TRUE(is_unavailability(Outcome::kFailed));
  for (const Outcome outcome : {Outcome::kAnswered, Outcome::kClientError, Outcome::kCancelled})
    EXPECT_FALSE(is_unavailability(outcome)) << outcome_name(outcome);
}

}  // namespace
}  // namespace qaio
