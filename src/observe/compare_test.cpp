#include "observe/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/json.h"
#include "observe/records_for_test.h"

namespace qaio {
namespace {

using Change = std::function<void(RequestSpec&)>;

constexpr int64_t kDayMs = 24LL * 60 * 60 * 1000;

// Requests of varied length as real ones are: 10 % noise on each stage. Each seed has its own day.
RecordSet sample(
    uint64_t seed, const Change& change = [](RequestSpec&) {}, size_t count = 200) {
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
    EXPECT_NEAR(stage.change, 0.1, 0.04) << repeat;
    ASSERT_TRUE(stage.change_interval);
    EXPECT_GT(stage.change_interval->low, 0) << repeat;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, CompareStage,
    testing::Values(SlowStage{"chat.prefill", [](RequestSpec& spec) { spec.prefill_ms *= 1.1; }},
                    SlowStage{"chat.decode", [](RequestSpec& spec) { spec.decode_ms *= 1.1; }}),
    [](const auto& its) { return its.index == 0 ? "Prefill" : "Decode"; });

// Both at once on a machine that others use as well: for 10 to 60 requests at a time everything
// takes up to twice as long.
std::pair<RecordSet, RecordSet> in_turns(
    uint64_t seed, const Change& change = [](RequestSpec&) {}) {
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
  const auto side = [&](uint64_t of_seed, const Change& its_change) {
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
    EXPECT_NEAR(measure(comparison, "chat.decode").change, 0.1, 0.05) << repeat;
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
  const Change slower = [](RequestSpec& spec) { spec.decode_ms *= 1.1; };
  EXPECT_EQ(compare_records(sample(1), sample(2, slower), {.change_min = 0.2}).verdict,
            Verdict::kSame);
}

TEST(Compare, MicrosecondsAreImmaterial) {
  const Change slower = [](RequestSpec& spec) { spec.write_ms += 0.02; };  // 20 % of 0.1 ms
  EXPECT_EQ(compare_records(sample(1), sample(2, slower), {}).verdict, Verdict::kSame);
}

TEST(Compare, LongerAnswersAreNotSlower) {
  const Change longer = [](RequestSpec& spec) {
    spec.decode_ms *= 1.5;
    spec.output = spec.output * 3 / 2;
  };
  const Comparison comparison = compare_records(sample(1), sample(2, longer), {});
  EXPECT_TRUE(measure(comparison, "chat.decode").at_equal_tokens);
  EXPECT_EQ(measure(comparison, "chat.decode").verdict, Verdict::kSame);
  EXPECT_THAT(comparison.notes, testing::Contains(testing::HasSubstr("answers")));
}

TEST(Compare, AFewRequestsAreTooFew) {
  const auto few = [](uint64_t seed) {
    return sample(
        seed, [](RequestSpec&) {}, 19);
  };
  EXPECT_EQ(compare_records(few(1), few(2), {}).verdict, Verdict::kTooFew);
  EXPECT_EQ(compare_records(RecordSet(), sample(2), {}).verdict, Verdict::kTooFew);
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

constexpr std::string_view kLoad = R"({"url": "http://a/chat", "loop": "closed", "concurrency": 8,
  "requests": {"succeeded": 100, "failed": 0},
  "ttft_ms": {"count": 100, "p50": 10.0, "p95": 20.0},
  "total_ms": {"count": 100, "p50": 100.0, "p95": 150.0}, "tpot_ms": {"count": 0}})";

TEST(CompareLoads, ByTheMedianAlone) {
  ASSERT_TRUE(is_load_result(kLoad));
  const LoadResult a = *parse_load_result(kLoad);
  LoadResult b = a;
  EXPECT_EQ(compare_loads(a, b, {}).verdict, Verdict::kSame);
  b.latencies[0].p50_ms = 104;
  EXPECT_EQ(compare_loads(a, b, {}).verdict, Verdict::kSame);
  b.latencies[0].p50_ms = 110;
  const Comparison comparison = compare_loads(a, b, {});
  EXPECT_EQ(comparison.verdict, Verdict::kSlower);
  EXPECT_TRUE(comparison.stage.empty());
  EXPECT_THAT(comparison.notes, testing::Contains(testing::HasSubstr("percentiles only")));
  EXPECT_FALSE(comparison.measures[0].p);
}

TEST(CompareLoads, RefusesWhatIsNone) {
  EXPECT_FALSE(is_load_result("{\"request_id\": \"a\"}\n{}"));
  for (const char* wrong : {"", "[]", R"({"ttft_ms": 3})", R"({"ttft_ms": {"count": "many"}})",
                            R"({"ttft_ms": {"count": 5, "p50": null}})"})
    EXPECT_FALSE(parse_load_result(wrong)) << wrong;
}

}  // namespace
}  // namespace qaio
