#include "report/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/json.h"
#include "record/records_for_test.h"

namespace qaio {
namespace {

using Alter = std::function<void(RequestSpec&)>;

constexpr int64_t kDayMs = 24LL * 60 * 60 * 1000;

// Requests of varied length as real ones are: 10 % noise on each stage. Each seed has its own day.
RecordSet sample(
    uint64_t seed, const Alter& change = [](RequestSpec&) {}, size_t count = 200) {
  Random random(seed);
  TestSet test("1.0", (20'000 + static_cast<int64_t>(seed)) * kDayMs);
  for (size_t i = 0; i < count; ++i) {
    RequestSpec spec;
    spec.prompt = 30 + static_cast<uint32_t>(random.below(100));
    spec.output = 10 + static_cast<uint32_t>(random.below(30));
    spec.queue_ms = 0.2 * random.exponential();
    spec.prefill_ms = noisy(1 + 0.1 * spec.prompt, 0.1, random);
    spec.decode_ms = noisy(1.0 * spec.output, 0.1, random);
    change(spec);
    test.add(spec);
  }
  return test.set;
}

const MeasureComparison& measure(const Comparison& comparison, std::string_view name) {
  for (const MeasureComparison& one : comparison.measures)
    if (one.name == name) return one;
  throw std::out_of_range(std::string(name));
}

TEST(Compare, EqualDistributionsAreNotFlagged) {
  int alarms = 0;
  for (uint64_t repeat = 0; repeat < 20; ++repeat) {
    const Comparison comparison = compare_records(sample(2 * repeat), sample(2 * repeat + 1), {});
    alarms += comparison.verdict == Verdict::kSlower || comparison.verdict == Verdict::kFaster;
  }
  EXPECT_LE(alarms, 1);
}

struct SlowStage {
  const char* stage;
  void (*slow_down)(RequestSpec&);
};

class CompareStage : public testing::TestWithParam<SlowStage> {};

TEST_P(CompareStage, TenPercentMoreIsFlaggedAndNamed) {
  for (uint64_t repeat = 0; repeat < 20; ++repeat) {
    const Comparison comparison =
        compare_records(sample(100 + repeat), sample(200 + repeat, GetParam().slow_down), {});
    EXPECT_EQ(comparison.verdict, Verdict::kSlower) << repeat;
    EXPECT_EQ(comparison.stage, GetParam().stage) << repeat;
    const MeasureComparison& stage = measure(comparison, GetParam().stage);
    EXPECT_NEAR(stage.median.relative, 0.1, 0.04) << repeat;
    ASSERT_TRUE(stage.median.interval);
    EXPECT_GT(stage.median.interval->low, 0) << repeat;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, CompareStage,
    testing::Values(SlowStage{"chat.prefill", [](RequestSpec& spec) { spec.prefill_ms *= 1.1; }},
                    SlowStage{"chat.decode", [](RequestSpec& spec) { spec.decode_ms *= 1.1; }}),
    [](const auto& its) { return its.index == 0 ? "Prefill" : "Decode"; });

// 1 to 8 questions of 20 tokens, 2 ms each.
void ask(RequestSpec& spec, uint32_t questions_min, double question_ms, Random& random) {
  spec = {.task = "decision", .output = 0};
  spec.questions = questions_min + static_cast<uint32_t>(random.below(8));
  spec.question_tokens = 20 * spec.questions;
  spec.options = 2 * spec.questions;
  spec.prefill_ms = noisy(20, 0.05, random);
  spec.decode_ms = noisy(question_ms * spec.questions, 0.05, random);
}

TEST(Compare, MoreQuestionsAreNotSlowerButDearerOnesAre) {
  for (uint64_t repeat = 0; repeat < 5; ++repeat) {
    Random random(70 + repeat);
    const auto asked = [&](uint64_t seed, uint32_t questions_min, double question_ms) {
      return sample(seed,
                    [&](RequestSpec& spec) { ask(spec, questions_min, question_ms, random); });
    };
    const RecordSet before = asked(300 + repeat, 1, 2);
    const Comparison more = compare_records(before, asked(400 + repeat, 4, 2), {});
    EXPECT_NE(more.verdict, Verdict::kSlower) << repeat;
    EXPECT_TRUE(measure(more, "decision.score").at_equal_tokens);
    EXPECT_THAT(more.notes, testing::Contains(testing::HasSubstr("B's questions are ")));
    const Comparison dearer = compare_records(before, asked(500 + repeat, 1, 2.4), {});
    EXPECT_EQ(dearer.verdict, Verdict::kSlower) << repeat;
    EXPECT_EQ(dearer.stage, "decision.score") << repeat;
    EXPECT_NEAR(measure(dearer, "decision.score").median.relative, 0.2, 0.06) << repeat;
  }
}

// Both at once on a machine that others use as well: for 10 to 60 requests at a time everything
// takes up to twice as long.
std::pair<RecordSet, RecordSet> in_turns(
    uint64_t seed, const Alter& change = [](RequestSpec&) {}) {
  Random machine(seed);
  double slower = 1;
  uint64_t left = 0;
  std::vector<double> disturbance(200);
  for (double& now : disturbance) {
    if (left-- == 0) {
      left = 10 + machine.below(50);
      slower = 1 + machine.uniform();
    }
    now = slower;
  }
  const auto side = [&](uint64_t of_seed, const Alter& its_change) {
    size_t next = 0;
    RecordSet set = sample(of_seed, [&](RequestSpec& spec) {
      its_change(spec);
      spec.prefill_ms *= disturbance[next];
      spec.decode_ms *= disturbance[next++];
    });
    return set;
  };
  RecordSet a = side(2 * seed, [](RequestSpec&) {});
  RecordSet b = side(2 * seed + 1, change);
  for (RecordSet::Item& item : b.items) {  // on the same day
    auto record = std::make_shared<RequestRecord>(*item.record);
    record->arrived_unix_ms -= kDayMs;
    item.record = std::move(record);
  }
  return {std::move(a), std::move(b)};
}

TEST(CompareInTurns, WhatDisturbsBothDoesNotMatter) {
  int alarms = 0;
  for (uint64_t repeat = 0; repeat < 40; ++repeat) {
    const auto [a, b] = in_turns(1000 + repeat);
    const Comparison comparison = compare_records(a, b, {});
    ASSERT_TRUE(measure(comparison, "total").in_turns);
    alarms += comparison.verdict != Verdict::kSame;
  }
  EXPECT_LE(alarms, 2);
}

TEST(CompareInTurns, TenPercentAreFoundThroughIt) {
  for (uint64_t repeat = 0; repeat < 20; ++repeat) {
    const auto [a, b] = in_turns(repeat, [](RequestSpec& spec) { spec.decode_ms *= 1.1; });
    const Comparison comparison = compare_records(a, b, {});
    EXPECT_EQ(comparison.verdict, Verdict::kSlower) << repeat;
    EXPECT_EQ(comparison.stage, "chat.decode") << repeat;
    EXPECT_NEAR(measure(comparison, "chat.decode").median.relative, 0.1, 0.05) << repeat;
  }
}

TEST(CompareInTurns, OneAfterTheOtherIsNot) {
  const Comparison comparison = compare_records(sample(1), sample(2), {});
  EXPECT_FALSE(measure(comparison, "total").in_turns);
}

TEST(Compare, FasterIsNoRegression) {
  const Comparison comparison =
      compare_records(sample(1), sample(2, [](RequestSpec& spec) { spec.decode_ms *= 0.8; }), {});
  EXPECT_EQ(comparison.verdict, Verdict::kFaster);
  EXPECT_EQ(comparison.stage, "chat.decode");
}

TEST(Compare, ChangesBelowTheMinimumDoNotMatter) {
  const Alter slower = [](RequestSpec& spec) { spec.decode_ms *= 1.1; };
  EXPECT_EQ(compare_records(sample(1), sample(2, slower), {.change_min = 0.2}).verdict,
            Verdict::kSame);
}

TEST(Compare, MicrosecondsAreImmaterial) {
  const Alter slower = [](RequestSpec& spec) { spec.write_ms += 0.02; };  // 20 % of 0.1 ms
  EXPECT_EQ(compare_records(sample(1), sample(2, slower), {}).verdict, Verdict::kSame);
}

TEST(Compare, LongerAnswersAreNotSlower) {
  const Alter longer = [](RequestSpec& spec) {
    spec.decode_ms *= 1.5;
    spec.output = spec.output * 3 / 2;
  };
  const Alter one_prompt = [](RequestSpec& spec) { spec.prompt = 40; };
  const Alter longer_of_one_prompt = [&](RequestSpec& spec) {
    longer(spec);
    one_prompt(spec);
  };
  for (const auto& [a, b] : {std::pair(sample(1), sample(2, longer)),
                             std::pair(sample(1, one_prompt), sample(2, longer_of_one_prompt))}) {
    const Comparison comparison = compare_records(a, b, {});
    EXPECT_TRUE(measure(comparison, "chat.decode").at_equal_tokens);
    EXPECT_EQ(measure(comparison, "chat.decode").verdict, Verdict::kSame);
    EXPECT_THAT(comparison.notes, testing::Contains(testing::HasSubstr("answers")));
  }
}

TEST(Compare, AFewRequestsAreTooFew) {
  const auto few = [](uint64_t seed) {
    return sample(
        seed, [](RequestSpec&) {}, 19);
  };
  EXPECT_EQ(compare_records(few(1), few(2), {}).verdict, Verdict::kTooFew);
  const Comparison empty = compare_records(RecordSet(), sample(2), {});
  EXPECT_EQ(empty.verdict, Verdict::kTooFew);
  EXPECT_THAT(empty.sentence, testing::HasSubstr("0 of A and 200 of B were answered"));
}

// One request in ten waits 100 ms more, as behind a lock that is rarely held.
Alter one_in_ten_waits(uint64_t seed) {
  return [random = Random(seed)](RequestSpec& spec) mutable {
    if (random.below(10) == 0) spec.queue_ms += 100;
  };
}

TEST(CompareTail, IsFoundAndItsStageNamed) {
  for (uint64_t repeat = 0; repeat < 20; ++repeat) {
    const Comparison comparison =
        compare_records(sample(
                            100 + repeat, [](RequestSpec&) {}, 600),
                        sample(200 + repeat, one_in_ten_waits(repeat), 600), {});
    EXPECT_EQ(comparison.verdict, Verdict::kSlower) << repeat;
    const MeasureComparison& total = measure(comparison, "total");
    EXPECT_EQ(total.median.verdict, Verdict::kSame) << repeat;
    EXPECT_EQ(total.p95.verdict, Verdict::kSlower) << repeat;
    ASSERT_TRUE(total.p95.interval);
    EXPECT_GT(total.p95.interval->low, 0) << repeat;
    EXPECT_EQ(comparison.stage, "chat.queue") << repeat;
    EXPECT_THAT(comparison.sentence, testing::HasSubstr("of its p95")) << repeat;
    EXPECT_THAT(comparison_text(comparison), testing::HasSubstr("slower (p95)")) << repeat;
  }
}

TEST(CompareTail, IsFoundInTurns) {
  int found = 0;
  for (uint64_t repeat = 0; repeat < 20; ++repeat) {
    const auto [a, b] = in_turns(repeat, one_in_ten_waits(repeat));
    const Comparison comparison = compare_records(a, b, {});
    found += measure(comparison, "total").p95.verdict == Verdict::kSlower &&
             comparison.stage == "chat.queue";
  }
  EXPECT_GE(found, 18);  // of 200 requests some 20 wait
}

// A machine that is slow for a while makes a tail of many requests in a row, on either side.
TEST(CompareTail, ABusyWhileIsNoEvidence) {
  int alarms = 0;
  for (uint64_t repeat = 0; repeat < 40; ++repeat) {
    const auto disturbed = [](uint64_t seed) {
      Random random(seed);
      uint64_t slow_left = 0;
      return sample(
          seed,
          [&](RequestSpec& spec) {
            if (slow_left == 0 && random.below(60) == 0) slow_left = 5 + random.below(20);
            if (slow_left == 0) return;
            --slow_left;
            spec.decode_ms *= 3;
          },
          400);
    };
    const Comparison comparison =
        compare_records(disturbed(5000 + 2 * repeat), disturbed(5001 + 2 * repeat), {});
    alarms += comparison.verdict != Verdict::kSame;
  }
  EXPECT_LE(alarms, 2);
}

TEST(CompareTail, FewRequestsHaveNone) {
  const Comparison comparison = compare_records(sample(
                                                    1, [](RequestSpec&) {}, 99),
                                                sample(2, one_in_ten_waits(1), 99), {});
  EXPECT_EQ(measure(comparison, "total").p95.verdict, Verdict::kTooFew);
}

// Every `every`th request ends so, in the engine or before it.
RecordSet ending(RecordSet set, size_t every, int status, const std::string& error) {
  for (size_t i = 0; i < set.items.size(); i += every) {
    auto record = std::make_shared<RequestRecord>(*set.items[i].record);
    record->status = status;
    record->error_code = error;
    set.items[i].record = std::move(record);
  }
  return set;
}

const ShareComparison& share(const Comparison& comparison, std::string_view name) {
  for (const ShareComparison& one : comparison.shares)
    if (one.name == name) return one;
  throw std::out_of_range(std::string(name));
}

TEST(CompareShares, MoreFailuresAreWorse) {
  struct End {
    int status;
    const char* error;
    const char* share;
    const char* sentence;
  };
  for (const End& end : {End{500, "internal", "failed", "More requests failed: 50 % (100 of 200)"},
                         End{200, "internal", "failed", "More requests failed"},  // a stream's end
                         End{503, "resource_exhausted", "refused", "More requests were refused"},
                         End{429, "resource_exhausted", "refused", "More requests were refused"},
                         End{400, "invalid_argument", "rejected", "More requests were rejected"}}) {
    const Comparison comparison =
        compare_records(sample(1), ending(sample(2), 2, end.status, end.error), {});
    EXPECT_EQ(comparison.verdict, Verdict::kWorse) << end.status;
    EXPECT_EQ(share(comparison, end.share).count_b, 100u) << end.status;
    EXPECT_EQ(share(comparison, end.share).verdict, Verdict::kWorse) << end.status;
    EXPECT_THAT(comparison.sentence, testing::StartsWith(end.sentence));
    EXPECT_THAT(comparison.sentence, testing::HasSubstr("none of A's"));
  }
}

TEST(CompareShares, FewerAreBetter) {
  const Comparison comparison =
      compare_records(ending(sample(1), 2, 500, "internal"), sample(2), {});
  EXPECT_EQ(comparison.verdict, Verdict::kBetter);
  EXPECT_THAT(comparison.sentence, testing::StartsWith("Fewer requests failed: none of B's"));
}

TEST(CompareShares, AllFailedIsWorseNotTooFew) {
  const Comparison comparison =
      compare_records(sample(1), ending(sample(2), 1, 500, "internal"), {});
  EXPECT_EQ(comparison.verdict, Verdict::kWorse);
  EXPECT_THAT(comparison.sentence, testing::HasSubstr("Too few requests to compare times"));
}

TEST(CompareShares, ClientsThatLeftOrAskedInTheWrongPlaceAreNeither) {
  for (const int status : {499, 401, 404}) {
    const Comparison comparison =
        compare_records(sample(1), ending(sample(2), 2, status, "cancelled"), {});
    EXPECT_EQ(comparison.verdict, Verdict::kSame) << status;
  }
}

TEST(CompareShares, ChanceIsNotFlagged) {
  int alarms = 0;
  for (uint64_t repeat = 0; repeat < 40; ++repeat) {
    const auto failing = [](uint64_t seed) {
      RecordSet set = sample(seed);
      Random random(seed);
      for (RecordSet::Item& item : set.items) {
        if (random.below(20) > 0) continue;
        auto record = std::make_shared<RequestRecord>(*item.record);
        record->status = 500;
        item.record = std::move(record);
      }
      return set;
    };
    alarms +=
        compare_records(failing(2 * repeat), failing(2 * repeat + 1), {}).verdict != Verdict::kSame;
  }
  EXPECT_LE(alarms, 2);
}

TEST(Compare, WhatOnlyOneSideRanIsNoted) {
  RecordSet both = sample(1);
  TestSet other("1.0", 30'000 * kDayMs);
  for (int i = 0; i < 30; ++i) other.add({.task = "sentiment", .output = 0});
  for (RecordSet::Item item : other.set.items) {
    item.run = 0;
    both.items.push_back(item);
  }
  const Comparison comparison = compare_records(both, sample(2), {});
  EXPECT_THAT(comparison.notes, testing::Contains("Only in A: the task sentiment."));
  EXPECT_THAT(compare_records(sample(2), both, {}).notes,
              testing::Contains("Only in B: the task sentiment."));
}

TEST(Compare, SaysWhatTheSidesAre) {
  const Comparison comparison = compare_records(sample(1), sample(2), {});
  EXPECT_THAT(comparison.a.versions, testing::ElementsAre("1.0"));
  EXPECT_EQ(comparison.a.requests, 200u);
  EXPECT_EQ(comparison.b.last_unix_ms - comparison.b.first_unix_ms, 199'000);
  const std::string text = comparison_text(comparison);
  EXPECT_THAT(text, testing::ContainsRegex("version +1.0 +1.0\n"));
  EXPECT_THAT(text, testing::ContainsRegex("first +2024-10-05 00:00:01 UTC +2024-10-06"));
  EXPECT_THAT(text, testing::ContainsRegex("total .* to \\+?-?[0-9.]+ %"));
}

TEST(Compare, JsonSaysTheSame) {
  const Comparison comparison =
      compare_records(sample(1), sample(2, [](RequestSpec& spec) { spec.prefill_ms *= 1.3; }), {});
  const auto json = parse_json(comparison_json(comparison), "comparison");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->at("verdict").as_string(), "slower");
  EXPECT_EQ(json->at("stage").as_string(), "chat.prefill");
  EXPECT_EQ(json->at("measures").as_array().size(), comparison.measures.size());
}

// Whose browser it was says nothing of a build.
TEST(Compare, ClientsAreNotCompared) {
  Random random(1);
  RecordSet sets[2];
  for (int side = 0; side < 2; ++side) {
    TestSet test;
    for (int i = 0; i < 100; ++i) test.add({.decode_ms = noisy(20, 0.05, random)});
    for (RecordSet::Item& item : test.set.items) {
      auto record = std::make_shared<RequestRecord>(*item.record);
      ClientTimes times;
      times.last_byte_ns = record->lane.wall_ns();
      times.done_ns = times.last_byte_ns + (side + 1) * spec_ns(50);
      record->client_times = times;
      item.record = record;
    }
    sets[side] = test.set;
  }
  const Comparison comparison = compare_records(sets[0], sets[1], {});
  EXPECT_EQ(comparison.verdict, Verdict::kSame);
  for (const MeasureComparison& one : comparison.measures)
    EXPECT_NE(one.kind, MeasureKind::kClient) << one.name;
}

TEST(Compare, VerdictsNameTheirPercentilesInBothLanguages) {
  MeasureComparison measure{.name = "total", .verdict = Verdict::kSlower};
  measure.median.verdict = Verdict::kSame;
  measure.p95.verdict = Verdict::kSlower;
  EXPECT_EQ(verdict_text(Language::kEnglish, measure), "slower (p95)");
  EXPECT_EQ(verdict_text(Language::kChinese, measure), "更慢（p95）");
  measure.median.verdict = Verdict::kSlower;
  EXPECT_EQ(verdict_text(Language::kChinese, measure), "更慢（中位数、p95）");
}

}  // namespace
}  // namespace qaio
