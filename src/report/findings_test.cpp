// Each kind of finding with records that support it, and with records that do not.
#include "report/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "record/record_for_test.h"
#include "record/records_for_test.h"
#include "report/findings_for_test.h"

namespace qaio {
namespace {

// That it was looked for and is not there: the sentence; empty if nothing is said.
std::string denial(const RecordSet& set, std::string_view id) {
  const auto findings = findings_of(set);
  EXPECT_FALSE(find(findings, id));
  const auto finding = find(findings, id, false);
  return finding ? finding->statement : "";
}

// Requests whose times follow their tokens: 0.1 ms per prompt token and 2 ms per generated one.
RequestSpec typical(Random& random, double noise = 0.02) {
  RequestSpec spec;
  spec.prompt = 30 + static_cast<uint32_t>(random.below(100));
  spec.output = 10 + static_cast<uint32_t>(random.below(30));
  spec.chars = int64_t{2} * (spec.prompt - 20);
  spec.prefill_ms = noisy(1 + 0.1 * spec.prompt, noise, random);
  spec.decode_ms = noisy(2.0 * spec.output, noise, random);
  return spec;
}

TestSet typical_set(size_t count, uint64_t seed = 1) {
  Random random(seed);
  TestSet test;
  for (size_t i = 0; i < count; ++i) test.add(typical(random));
  return test;
}

TEST(Bottleneck, NamesTheStageWithMostOfTheTime) {
  const auto finding = find(findings_of(typical_set(100).set), "bottleneck");
  ASSERT_TRUE(finding);
  EXPECT_THAT(finding->statement, testing::StartsWith("chat.decode is the bottleneck"));
  EXPECT_GT(figure(*finding, "share"), 0.7);
}

TEST(Bottleneck, NoneWhereStagesAreAlike) {
  TestSet test;
  for (int i = 0; i < 100; ++i) test.add({.queue_ms = 9, .prefill_ms = 10, .decode_ms = 10.5});
  EXPECT_EQ(denial(test.set, "bottleneck"),
            "No single bottleneck: chat.decode 35 %, chat.prefill 34 %, chat.queue 30 % of the "
            "response time.");
}

TEST(Bottleneck, NoneOfAFewRequests) { EXPECT_EQ(denial(typical_set(19).set, "bottleneck"), ""); }

TEST(Queueing, IsFoundWhereRequestsWait) {
  TestSet test;
  for (int i = 0; i < 40; ++i)
    test.add({.queue_ms = i % 2 ? 20.0 : 0.0, .queued_ahead = i % 2 ? 3u : 0u});
  const auto finding = find(findings_of(test.set), "queueing");
  ASSERT_TRUE(finding);
  EXPECT_NEAR(figure(*finding, "mean_ms"), 10, 1e-6);
  EXPECT_NEAR(figure(*finding, "share"), 10 / 40.17, 0.01);
  EXPECT_THAT(finding->evidence, testing::Contains(testing::HasSubstr("20 of 40")));
}

TEST(Queueing, NoneWhereTheyDoNot) {
  EXPECT_THAT(denial(typical_set(100).set, "queueing"), testing::HasSubstr("hardly wait: 0.000"));
}

// Sentiment and chat of each request side by side; nobody else.
TestSet in_pairs(size_t count) {
  Random random(9);
  TestSet test;
  for (size_t i = 0; i < count; ++i) {
    RequestSpec chat = typical(random);
    chat.queue_ms = 20;
    RequestSpec sentiment = chat;
    sentiment.task = "sentiment";
    sentiment.output = 0;
    sentiment.decode_ms = 0.1;
    chat.queued_ahead = 1;  // sentiment
    test.add_pair(sentiment, chat);
  }
  return test;
}

TEST(Queueing, ARequestsOwnTasksAreNoOthers) {
  const auto finding = find(findings_of(in_pairs(40).set), "queueing");
  ASSERT_TRUE(finding);
  EXPECT_THAT(finding->evidence,
              testing::Contains(testing::HasSubstr("None found others waiting")));
}

TEST(TokenCosts, AreLearntFromTheRecords) {
  const auto finding = find(findings_of(typical_set(100).set), "token_costs");
  ASSERT_TRUE(finding);
  EXPECT_NEAR(figure(*finding, "per_prompt_token_ms"), 0.1, 0.01);
  EXPECT_NEAR(figure(*finding, "per_output_token_ms"), 2, 0.05);
  EXPECT_NEAR(figure(*finding, "per_100_chars_ms"), 5, 0.5);  // half a token per character
  EXPECT_EQ(figure(*finding, "outliers"), 0);
}

TEST(TokenCosts, ARequestsOwnTasksAreNoNeighbours) {
  const auto findings = findings_of(in_pairs(60).set);
  const auto finding = find(findings, "token_costs");
  ASSERT_TRUE(finding);
  EXPECT_EQ(figure(*finding, "per_neighbour_token_ms"), 0) << finding->statement;
  EXPECT_NEAR(figure(*finding, "per_prompt_token_ms"), 0.05, 0.005) << "each step held two prompts";
  EXPECT_NEAR(figure(*finding, "per_output_token_ms"), 2, 0.05);
}

TEST(TokenCosts, PromptTokensAreLearntFromRequestsAlone) {
  Random random(10);
  TestSet test = typical_set(60);
  for (int i = 0; i < 60; ++i) {  // with prompts beside theirs that no record tells
    RequestSpec spec = typical(random);
    spec.neighbours = 3;
    spec.prefill_ms += 40 * random.uniform();
    test.add(spec);
  }
  const auto finding = find(findings_of(test.set), "token_costs");
  ASSERT_TRUE(finding);
  EXPECT_NEAR(figure(*finding, "per_prompt_token_ms"), 0.1, 0.01);
}

TEST(TokenCosts, OutliersAreNamedAndBendNothing) {
  Random random(3);
  TestSet test;
  for (int i = 0; i < 100; ++i) {
    RequestSpec spec = typical(random);
    if (i == 40 || i == 70) spec.decode_ms += 200;
    test.add(spec);
  }
  const auto finding = find(findings_of(test.set), "token_costs");
  ASSERT_TRUE(finding);
  EXPECT_NEAR(figure(*finding, "per_output_token_ms"), 2, 0.05);
  EXPECT_EQ(figure(*finding, "outliers"), 2);
  EXPECT_THAT(finding->evidence, testing::Contains(testing::AllOf(testing::HasSubstr("r40"),
                                                                  testing::HasSubstr("r70"))));
}

TEST(TokenCosts, NoneWhereTimesDoNotFollowTokens) {
  Random random(4);
  TestSet test;
  for (int i = 0; i < 200; ++i) {
    RequestSpec spec = typical(random);
    spec.prefill_ms = 5 + 10 * random.uniform();
    spec.decode_ms = 20 + 60 * random.uniform();
    test.add(spec);
  }
  EXPECT_FALSE(find(findings_of(test.set), "token_costs"));
}

TestSet with_cache() {
  Random random(5);
  TestSet test;
  for (int i = 0; i < 100; ++i) {
    RequestSpec spec = typical(random);
    spec.prompt += 64;
    spec.cached = 64;
    test.add(spec);
  }
  return test;
}

TEST(PrefixCache, TellsWhatItSpared) {
  const auto finding = find(findings_of(with_cache().set), "prefix_cache");
  ASSERT_TRUE(finding);
  EXPECT_NEAR(figure(*finding, "spared_ms"), 6.4, 0.6);
  EXPECT_FALSE(find(findings_of(typical_set(100).set), "prefix_cache"));
}

// Sentiment and chat alternate in twos; a switch costs `switch_ms` in prefill.
TestSet alternating(double switch_ms) {
  Random random(6);
  TestSet test;
  for (int i = 0; i < 120; ++i) {
    RequestSpec spec = typical(random);
    if (i / 2 % 2)
      spec = {.task = "sentiment",
              .prompt = spec.prompt,
              .output = 0,
              .prefill_ms = spec.prefill_ms,
              .decode_ms = 0.5};
    spec.cached = i % 2 ? 32 : 0;
    if (i % 2 == 0) spec.prefill_ms += switch_ms;
    test.add(spec);
  }
  return test;
}

TEST(TaskSwitching, IsFoundWhereItCosts) {
  const auto finding = find(findings_of(alternating(4).set), "task_switching");
  ASSERT_TRUE(finding);
  EXPECT_NEAR(figure(*finding, "cost_ms"), 4, 0.5);
  EXPECT_GT(figure(*finding, "same_cached_share"), 0.2);
  EXPECT_EQ(figure(*finding, "switched_cached_share"), 0);
}

TEST(TaskSwitching, NoneWhereItIsFree) {
  EXPECT_THAT(denial(alternating(0).set, "task_switching"),
              testing::ContainsRegex("to chat .* costs nothing measurable: .* \\(p = "));
  EXPECT_EQ(denial(typical_set(100).set, "task_switching"), "") << "one task only";
  EXPECT_EQ(denial(in_pairs(100).set, "task_switching"), "") << "always both";
}

TestSet started(double first_ms) {
  Random random(7);
  TestSet test;
  for (int i = 0; i < 60; ++i) {
    RequestSpec spec = typical(random);
    if (i == 0) spec.prefill_ms += first_ms;
    test.add(spec);
  }
  return test;
}

TEST(ColdStart, IsFoundInTheFirstRequestOfARun) {
  const auto finding = find(findings_of(started(800).set), "cold_start");
  ASSERT_TRUE(finding);
  EXPECT_GT(figure(*finding, "first_ms"), 800);
  EXPECT_LT(figure(*finding, "warm_ms"), 110);
}

TEST(ColdStart, NoneWithoutOne) {
  EXPECT_THAT(denial(started(0).set, "cold_start"),
              testing::ContainsRegex("No cold start: the first request .* 1.0 times"));
}

TEST(ColdStart, NoneWhereTheStartIsNotThere) {
  TestSet test = started(800);
  test.set.runs[0].from_start = false;
  EXPECT_EQ(denial(test.set, "cold_start"), "");
}

TEST(Limits, AreSharesOfWhatWasMeasured) {
  TestSet test;  // 20 steps in 20 ms, 50 tokens in 10 ms
  for (int i = 0; i < 20; ++i) test.add({});
  const PhysicalLimits limits{
      .read_gb_s = 30, .int8_gop_s = 10'000, .bytes_per_token = 26e6, .gop_per_token = 0.62};
  const auto finding = find(findings_of(test.set, limits), "physical_limits");
  ASSERT_TRUE(finding);
  EXPECT_THAT(finding->statement, testing::HasSubstr("26.0 of 30.0 GB/s"));
  EXPECT_NEAR(figure(*finding, "decode_share"), 26.0 / 30, 1e-3);
  EXPECT_NEAR(figure(*finding, "prefill_gop_s"), 50 * 0.62 / 0.010, 1);
  EXPECT_THAT(finding->evidence[0], testing::HasSubstr("only fewer bytes can help"));
}

TEST(Limits, NoneWhereUnknown) {
  EXPECT_FALSE(find(findings_of(typical_set(100).set), "physical_limits"));
}

TestSet with_slow_ones(const std::function<void(RequestSpec&)>& slow_down) {
  Random random(8);
  TestSet test;
  for (int i = 0; i < 100; ++i) {
    RequestSpec spec = typical(random);
    spec.output = 18 + static_cast<uint32_t>(random.below(5));
    spec.neighbours = static_cast<uint32_t>(i % 4);
    spec.decode_ms = noisy((2 + 0.1 * spec.neighbours) * spec.output, 0.01, random);
    if (i % 20 == 10) slow_down(spec);
    test.add(spec);
  }
  return test;
}

struct TailCase {
  const char* cause;
  void (*slow_down)(RequestSpec&);
};

class TailCauses : public testing::TestWithParam<TailCase> {};

TEST_P(TailCauses, AreNamed) {
  const auto finding = find(findings_of(with_slow_ones(GetParam().slow_down).set), "tail_causes");
  ASSERT_TRUE(finding);
  ASSERT_EQ(finding->figures.size(), 1u) << finding->statement;
  EXPECT_EQ(finding->figures[0].first, GetParam().cause);
  EXPECT_EQ(finding->figures[0].second, 5);
}

INSTANTIATE_TEST_SUITE_P(Each, TailCauses,
                         testing::Values(TailCase{"queue",
                                                  [](RequestSpec& spec) { spec.queue_ms = 100; }},
                                         TailCase{"long_prompt",
                                                  [](RequestSpec& spec) {
                                                    spec.prompt = 1000;
                                                    spec.prefill_ms = 101;
                                                  }},
                                         TailCase{"long_output",
                                                  [](RequestSpec& spec) {
                                                    spec.decode_ms *= 5;
                                                    spec.output *= 5;
                                                  }},
                                         TailCase{"neighbours",
                                                  [](RequestSpec& spec) {
                                                    spec.neighbours = 24;
                                                    spec.decode_ms = (2 + 0.1 * 24) * spec.output;
                                                  }},
                                         TailCase{"page_faults",
                                                  [](RequestSpec& spec) {
                                                    spec.minor_faults = 50'000;
                                                    spec.prefill_ms += 100;
                                                  }}),
                         [](const auto& its) { return std::string(its.param.cause); });

TEST(Tail, NoneWithoutATail) {
  EXPECT_THAT(denial(with_slow_ones([](RequestSpec&) {}).set, "tail_causes"),
              testing::StartsWith("No slow tail"));
}

TEST(Tail, NoneWhereNothingRecordedExplainsIt) {
  const auto slow = [](RequestSpec& spec) { spec.write_ms += 100; };
  EXPECT_EQ(denial(with_slow_ones(slow).set, "tail_causes"), "");
}

// Requests of 30.17 ms.
TestSet reported_set(size_t count, double network_ms, double rendering_ms) {
  TestSet test;
  for (size_t i = 0; i < count + 3; ++i) test.add({});
  for (size_t i = 0; i < count; ++i) {
    auto record = std::make_shared<RequestRecord>(*test.set.items[i].record);
    record->client_times = client_times_of(*record, spec_ns(network_ms), spec_ns(rendering_ms));
    test.set.items[i].record = record;
  }
  return test;
}

// Some of every kind, found and not.
std::vector<RecordSet> sets_of_every_kind() {
  std::vector<RecordSet> sets = {typical_set(100).set, in_pairs(60).set, alternating(4).set,
                                 alternating(0).set,   started(800).set, started(0).set,
                                 with_cache().set};
  for (const auto stage :
       {&RequestSpec::queue_ms, &RequestSpec::prefill_ms, &RequestSpec::write_ms}) {
    TestSet test;
    RequestSpec spec;
    spec.*stage = 300;
    for (int i = 0; i < 40; ++i) test.add(spec);
    sets.push_back(test.set);
  }
  TestSet labels;
  for (int i = 0; i < 40; ++i) labels.add({.task = "sentiment", .output = 0, .decode_ms = 300});
  sets.push_back(labels.set);
  for (const uint32_t spread : {1, 3}) sets.push_back(asking_set(100, spread).set);
  TestSet many_questions = asking_set(100);
  Random random(14);
  for (int i = 0; i < 6; ++i) {
    RequestSpec spec = asking(random);
    spec.questions = spec.options = 100;
    spec.question_tokens = 2000;
    spec.decode_ms = 230;
    many_questions.add(spec);
  }
  sets.push_back(many_questions.set);
  TestSet alike;
  for (int i = 0; i < 40; ++i) alike.add({.queue_ms = 9, .prefill_ms = 10, .decode_ms = 10.5});
  sets.push_back(alike.set);
  sets.push_back(with_slow_ones([](RequestSpec& spec) { spec.queue_ms = 100; }).set);
  for (const auto& [network_ms, rendering_ms] : {std::pair(0, 0), {20, 0}, {0, 20}, {20, 20}})
    sets.push_back(reported_set(10, network_ms, rendering_ms).set);
  return sets;
}

// Of the block that holds nearly all Chinese characters: their first bytes in UTF-8.
bool has_chinese(std::string_view text) {
  return text.find_first_of("\xe4\xe5\xe6\xe7\xe8\xe9") != std::string_view::npos;
}

TEST(Findings, SayWhatTheyMeanInBothLanguages) {
  std::set<std::pair<std::string, bool>> seen;
  const PhysicalLimits limits{
      .read_gb_s = 30, .int8_gop_s = 10'000, .bytes_per_token = 26e6, .gop_per_token = 0.62};
  for (const RecordSet& set : sets_of_every_kind()) {
    const auto english = findings_of(set, limits);
    const auto chinese = findings_of(set, limits, Language::kChinese);
    ASSERT_EQ(english.size(), chinese.size());
    for (size_t i = 0; i < english.size(); ++i) {
      const Finding& en = english[i];
      const Finding& zh = chinese[i];
      seen.emplace(en.id, en.found);
      EXPECT_EQ(en.id, zh.id);
      EXPECT_EQ(en.figures, zh.figures);
      EXPECT_EQ(en.evidence.size(), zh.evidence.size()) << en.id;
      EXPECT_FALSE(en.meaning.empty()) << en.id;
      EXPECT_EQ(en.advice.empty(), zh.advice.empty()) << en.id;
      EXPECT_TRUE(!en.found || !en.advice.empty()) << en.id;
      std::string said = en.meaning + en.advice + en.statement;
      for (const std::string& sentence : en.evidence) said += sentence;
      EXPECT_FALSE(has_chinese(said)) << said;
      std::vector<std::string> translated = zh.evidence;
      translated.insert(translated.end(), {zh.meaning, zh.statement});
      if (!zh.advice.empty()) translated.push_back(zh.advice);
      for (const std::string& sentence : translated) {
        EXPECT_TRUE(has_chinese(sentence)) << zh.id << ": " << sentence;
        EXPECT_TRUE(sentence.ends_with("。")) << sentence;
      }
    }
  }
  for (const char* id : {"bottleneck", "queueing", "task_switching", "cold_start", "tail_causes"})
    for (const bool found : {true, false})
      EXPECT_TRUE(seen.contains({id, found})) << id << ' ' << found;
  for (const char* id :
       {"client_time", "physical_limits", "token_costs", "question_costs", "prefix_cache"})
    EXPECT_TRUE(seen.contains({id, true})) << id;
}

TEST(Bottleneck, SaysWhatPeopleWaitForAndWhatToDo) {
  const auto finding = find(findings_of(in_pairs(60).set), "bottleneck");
  ASSERT_TRUE(finding);
  EXPECT_THAT(finding->meaning,
              testing::StartsWith("What chat writes, token by token, not sentiment, "
                                  "decides how long people wait: "));
  EXPECT_THAT(finding->advice, testing::HasSubstr("max_new_tokens"));
}

TEST(Findings, NoneOfNothing) { EXPECT_TRUE(findings_of(RecordSet()).empty()); }

TEST(ClientTime, SaysWhereUsersWait) {
  const auto finding = find(findings_of(reported_set(10, 1, 9).set), "client_time");
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->statement,
            "Clients waited 40.2 ms on average: server 75 %, rendering 22 %, network 2 %, over the "
            "10 requests that they reported.");
  EXPECT_EQ(figure(*finding, "requests"), 10);
  EXPECT_NEAR(figure(*finding, "rendering_share"), 9 / 40.17, 1e-3);
  ASSERT_EQ(finding->evidence.size(), 1u);
  EXPECT_THAT(finding->evidence[0],
              testing::HasSubstr("9.00 ms on average: that time is the page's"));
  const auto network = find(findings_of(reported_set(10, 10, 0).set), "client_time");
  EXPECT_THAT(network->advice, testing::HasSubstr("Look at the connection, and at proxies"));
  EXPECT_THAT(network->evidence,
              testing::ElementsAre("10.0 ms on average pass between server and client."));
  const auto server = find(findings_of(reported_set(10, 0.1, 0.1).set), "client_time");
  EXPECT_THAT(server->meaning, testing::HasSubstr("People wait for the server"));
  EXPECT_THAT(server->evidence, testing::IsEmpty());
  EXPECT_FALSE(find(findings_of(reported_set(4, 1, 9).set), "client_time"));
}

}  // namespace
}  // namespace qaio
