#include "load/answer_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace qaio {
namespace {

constexpr int64_t kMs = 1'000'000;

struct Outcome {
  RequestSample sample;
  std::optional<Failure> failure;
  Histogram gaps;
};

// The pieces come 10 ms after each other.
Outcome read(LoadApi api, const std::vector<std::string>& pieces) {
  FakeClock clock;
  Outcome outcome;
  outcome.sample.intended_ns = clock.now_ns();
  AnswerReader reader(api, clock, outcome.sample, &outcome.gaps);
  for (const std::string& piece : pieces) {
    clock.advance_ns(10 * kMs);
    outcome.failure = reader.push(piece);
    if (outcome.failure) return outcome;
  }
  outcome.failure = reader.finish();
  return outcome;
}

std::string data(const std::string& json) { return "data: " + json + "\n\n"; }
std::string delta(const std::string& text) {
  return data(R"({"choices":[{"index":0,"delta":{"content":")" + text +
              R"("},"finish_reason":null}],"usage":null})");
}
const std::string kRole = data(R"({"choices":[{"delta":{"role":"assistant","content":""}}]})");
const std::string kStop = data(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
const std::string kUsage = data(
    R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,
data: "prompt_tokens_details":{"cached_tokens":4}}})");
const std::string kDone = data("[DONE]");

TEST(AnswerReader, OpenAiChat) {
  const Outcome outcome = read(LoadApi::kOpenAiChat,
                               {kRole, delta("a"), delta("b") + delta("c"), kStop, kUsage, kDone});
  EXPECT_FALSE(outcome.failure);
  EXPECT_EQ(outcome.sample.ttft_ns(), 20 * kMs);  // the role is no text
  EXPECT_EQ(outcome.sample.last_text_ns - outcome.sample.intended_ns, 30 * kMs);
  EXPECT_EQ(outcome.sample.text_chunks, 3);
  ASSERT_TRUE(outcome.sample.usage);
  EXPECT_EQ(outcome.sample.usage->prompt, 7);
  EXPECT_EQ(outcome.sample.usage->cached, 4);
  EXPECT_EQ(outcome.sample.output_tokens(), 5);
  EXPECT_EQ(outcome.gaps.count(), 2u);
  EXPECT_EQ(outcome.gaps.max_ns(), 10 * kMs);
  EXPECT_EQ(outcome.gaps.min_ns(), 0);
}

TEST(AnswerReader, WithoutUsageChunksAreTokens) {
  const Outcome outcome = read(LoadApi::kOpenAiChat, {delta("a"), delta("b"), kStop});
  EXPECT_FALSE(outcome.failure);  // a finish reason ends a stream as well as [DONE]
  EXPECT_FALSE(outcome.sample.usage);
  EXPECT_EQ(outcome.sample.output_tokens(), 2);
}

TEST(AnswerReader, ReasoningIsText) {
  const Outcome outcome = read(
      LoadApi::kOpenAiChat, {data(R"({"choices":[{"delta":{"reasoning_content":"hm"}}]})"), kDone});
  EXPECT_EQ(outcome.sample.text_chunks, 1);
}

TEST(AnswerReader, OpenAiCompletions) {
  const Outcome outcome =
      read(LoadApi::kOpenAiCompletions,
           {data(R"({"choices":[{"text":"a","finish_reason":null}]})"),
            data(R"({"choices":[{"text":"","finish_reason":"length"}]})"), kDone});
  EXPECT_FALSE(outcome.failure);
  EXPECT_EQ(outcome.sample.text_chunks, 1);
}

TEST(AnswerReader, QaioChat) {
  const Outcome outcome =
      read(LoadApi::kQaioChat,
           {"event: sentiment\n" + data(R"({"sentiment":"x","sentiment_score":0.9})"),
            "event: token\n" + data(R"({"text":"a"})"), "event: token\n" + data(R"({"text":"b"})"),
            "event: done\n" + data(R"({"usage":{"prompt_tokens":9,"cached_tokens":3,
data: "completion_tokens":2}})")});
  EXPECT_FALSE(outcome.failure);
  EXPECT_EQ(outcome.sample.ttft_ns(), 20 * kMs);
  EXPECT_EQ(outcome.sample.text_chunks, 2);
  EXPECT_EQ(outcome.sample.usage->prompt, 9);
  EXPECT_EQ(outcome.sample.usage->cached, 3);
}

TEST(AnswerReader, DecisionsAreOneObject) {
  const Outcome named =
      read(LoadApi::kSystemOne,
           {R"(   {"model":"m","answers":{"a":{"type":"noul","noul":0.5},"b":{)",
            R"(}},"usage":{"input_tokens":40,"cached_tokens":20,"output_tokens":2}})"});
  EXPECT_FALSE(named.failure);
  EXPECT_EQ(named.sample.answers, 2);
  EXPECT_EQ(named.sample.usage->prompt, 40);
  EXPECT_EQ(named.sample.usage->cached, 20);
  EXPECT_EQ(named.sample.output_tokens(), 2);
  EXPECT_FALSE(named.sample.ttft_ns());
  EXPECT_EQ(named.gaps.count(), 0u);
  const Outcome listed = read(
      LoadApi::kDecisions, {R"({"answers":[{},{},{}],"error":null,"usage":{"input_tokens":9,)"
                            R"("input_tokens_details":{"cached_tokens":4},"output_tokens":0}})"});
  EXPECT_FALSE(listed.failure);
  EXPECT_EQ(listed.sample.answers, 3);
  EXPECT_EQ(listed.sample.usage->cached, 4);
  EXPECT_FALSE(read(LoadApi::kDecisions, {R"({"answers":[{}]})"}).sample.usage);
}

TEST(AnswerReader, Failures) {
  const auto kind = [](LoadApi api, const std::vector<std::string>& pieces) {
    const Outcome outcome = read(api, pieces);
    return outcome.failure ? failure_name(*outcome.failure) + ": " + outcome.failure->detail
                           : "none";
  };
  const auto starts = [](const std::string& text, const std::string& start) {
    EXPECT_EQ(text.substr(0, start.size()), start);
  };
  starts(kind(LoadApi::kOpenAiChat, {delta("a")}), "incomplete: ");
  starts(kind(LoadApi::kQaioChat, {"event: token\n" + data(R"({"text":"a"})")}), "incomplete: ");
  starts(kind(LoadApi::kOpenAiChat, {}), "incomplete: ");
  starts(kind(LoadApi::kOpenAiChat, {data("{\"choices\":")}), "malformed: ");
  starts(kind(LoadApi::kOpenAiChat, {data("[1]")}), "malformed: ");
  starts(kind(LoadApi::kOpenAiChat, {"data: " + std::string(3 << 20, 'x')}), "malformed: ");
  for (const char* wrong : {"", "[]", "{", "{}", R"({"answers":[]})", R"({"answers":7})"})
    starts(kind(LoadApi::kDecisions, {wrong}), "malformed: ");
  starts(kind(LoadApi::kSystemOne, {std::string(17 << 20, ' ')}), "malformed: ");
  EXPECT_EQ(kind(LoadApi::kSystemOne, {"  ", R"({"error":{"message":"time ran out"}})"}),
            "error event: time ran out");
  EXPECT_EQ(kind(LoadApi::kOpenAiChat, {delta("a"), data(R"({"error":{"message":"no\nroom"}})")}),
            "error event: no room");
  EXPECT_EQ(kind(LoadApi::kQaioChat,
                 {"event: error\n" + data(R"({"error":{"code":"internal","message":"bug"}})")}),
            "error event: bug");
}

TEST(AnswerReader, NonsenseInEventsIsSkipped) {
  const Outcome outcome = read(
      LoadApi::kOpenAiChat,
      {data(R"({"choices":5})"), data(R"({"choices":[1,{"delta":[]},{"delta":{"content":3}}]})"),
       data(R"({"usage":{"prompt_tokens":-1,"completion_tokens":"x","cached_tokens":1e99}})"),
       kDone});
  EXPECT_FALSE(outcome.failure);
  EXPECT_EQ(outcome.sample.text_chunks, 0);
  EXPECT_EQ(outcome.sample.prompt_tokens(), 0);
  EXPECT_EQ(outcome.sample.output_tokens(), 0);
}

TEST(ErrorMessage, OfEveryShape) {
  EXPECT_EQ(error_message(R"({"error":{"message":"full","code":1}})"), "full");
  EXPECT_EQ(error_message(R"({"error":"full"})"), "full");
  EXPECT_EQ(error_message(R"({"message":"full"})"), "full");
  EXPECT_EQ(error_message("<html>\nno</html>"), "<html> no</html>");
  EXPECT_EQ(error_message(R"({"error":5})"), "");
  EXPECT_EQ(error_message(""), "");
  EXPECT_EQ(error_message(std::string(5000, 'x')).size(), 200u);
}

}  // namespace
}  // namespace qaio
