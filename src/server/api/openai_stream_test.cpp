// Streams of the OpenAI endpoints: their chunks, their ends, and when they are sent.
#include <chrono>

#include "server/api/openai_fixture_for_test.h"

namespace qaio {
namespace {

using namespace std::chrono_literals;

using OpenAiStreamTest = OpenAiFixture;

TEST_F(OpenAiStreamTest, StreamsChunksUsageAndDone) {
  start("one two three", 2ms);
  const auto all =
      chunks(post(kChat, chat(R"(,"stream":true,"stream_options":{"include_usage":true})")));
  ASSERT_GT(all.size(), 3U);
  std::string text;
  for (size_t i = 0; i + 1 < all.size(); ++i) {
    EXPECT_EQ(all[i].at("object").as_string(), "chat.completion.chunk");
    EXPECT_EQ(all[i].at("id").as_string(), all[0].at("id").as_string());
    EXPECT_TRUE(all[i].at("usage").is_null());
    const auto& delta = choice(all[i]).at("delta").as_object();
    EXPECT_EQ(delta.contains("role"), i == 0);
    if (const auto* piece = delta.if_contains("content")) text += piece->as_string();
    EXPECT_EQ(choice(all[i]).at("finish_reason").is_null(), i + 2 < all.size());
  }
  EXPECT_EQ(text, "one two three");
  EXPECT_TRUE(all.back().at("choices").as_array().empty());
  EXPECT_GT(all.back().at("usage").as_object().at("completion_tokens").as_int64(), 3);
  EXPECT_TRUE(all.back().contains("timings"));
}

TEST_F(OpenAiStreamTest, AStreamWithoutUsageEndsWithTimings) {
  start("one two", 1ms);
  const auto all = chunks(post(kChat, chat(R"(,"stream":true)")));
  EXPECT_FALSE(all.front().contains("usage"));
  EXPECT_EQ(choice(all.back()).at("finish_reason").as_string(), "stop");
  EXPECT_TRUE(all.back().contains("timings"));
}

TEST_F(OpenAiStreamTest, TheFirstTokenIsSentAtOnce) {
  std::string words;
  for (int i = 0; i < 200; ++i) words += "word ";
  start(words, 20ms);
  TestClient slow(server_->port());
  slow.send(TestClient::text("POST", kChat, chat(R"(,"stream":true)")));
  std::string seen;
  while (seen.find("\"content\"") == std::string::npos) {
    const std::string more = slow.receive();
    ASSERT_FALSE(more.empty());
    seen += more;
  }
  EXPECT_LT(model_->steps(), 100);
  EXPECT_EQ(seen.find("[DONE]"), std::string::npos);
}

TEST_F(OpenAiStreamTest, AnEmptyAnswerIsStillAStream) {
  start("");
  const auto all = chunks(post(kChat, chat(R"(,"stream":true)")));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(choice(all[0]).at("delta").as_object().at("role").as_string(), "assistant");
  EXPECT_EQ(choice(all[0]).at("delta").as_object().at("content").as_string(), "");
}

}  // namespace
}  // namespace qaio
