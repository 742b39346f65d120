// Thoughts in answers of chat completions: `reasoning_content`, whole and streamed.
#include "server/api/openai_fixture_for_test.h"

namespace qaio {
namespace {

constexpr std::string_view kThink = R"(,"chat_template_kwargs":{"enable_thinking":true})";
constexpr std::string_view kDoNot = R"(,"chat_template_kwargs":{"enable_thinking":false})";

class OpenAiThoughtsTest : public OpenAiFixture {
 protected:
  struct Said {
    std::string thought, answer, finish;
    bool has_thought = false;
  };

  Said whole(std::string_view more) {
    const ClientResponse response = post(kChat, chat(more));
    EXPECT_EQ(response.status, 200) << response.body;
    const boost::json::object answer = response.json();
    const auto& message = choice(answer).at("message").as_object();
    Said said{.thought = {},
              .answer = std::string(message.at("content").as_string()),
              .finish = std::string(choice(answer).at("finish_reason").as_string()),
              .has_thought = message.contains("reasoning_content")};
    if (said.has_thought) said.thought = message.at("reasoning_content").as_string();
    return said;
  }

  Said streamed(std::string_view more) {
    Said said;
    bool first = true;
    for (const auto& one : chunks(post(kChat, chat(std::string(more) + R"(,"stream":true)")))) {
      const auto& delta = choice(one).at("delta").as_object();
      EXPECT_EQ(delta.contains("role"), first);
      first = false;
      if (const auto* piece = delta.if_contains("reasoning_content")) {
        EXPECT_EQ(said.answer, "") << "a thought behind the answer";
        EXPECT_FALSE(piece->as_string().empty());
        said.thought += piece->as_string();
        said.has_thought = true;
      }
      if (const auto* piece = delta.if_contains("content")) said.answer += piece->as_string();
      if (choice(one).at("finish_reason").is_string())
        said.finish = choice(one).at("finish_reason").as_string();
    }
    return said;
  }

  void expect(std::string_view more, std::string_view thought, std::string_view answer,
              std::string_view finish = "stop") {
    for (const Said& said : {whole(more), streamed(more)}) {
      EXPECT_EQ(said.thought, thought) << more;
      EXPECT_EQ(said.has_thought, !thought.empty()) << more;
      EXPECT_EQ(said.answer, answer) << more;
      EXPECT_EQ(said.finish, finish) << more;
    }
  }
};

// Qwen3.5's prompt opens the thought, which the model's text goes on with.
TEST_F(OpenAiThoughtsTest, BeginWhereThePromptEnds) {
  use_template("qwen3.5");
  start("A greeting, it seems.\nFriendly.\n</think>\n\nHello there!");
  expect(kThink, "A greeting, it seems.\nFriendly.", "Hello there!");
  expect("", "A greeting, it seems.\nFriendly.", "Hello there!");
  expect(R"(,"reasoning_effort":"high")", "A greeting, it seems.\nFriendly.", "Hello there!");
  expect(R"(,"max_tokens":4)", whole(R"(,"max_tokens":4)").thought, "", "length");
  EXPECT_NE(whole(R"(,"max_tokens":4)").thought, "");
  // with the thought closed by the prompt, all of it is the answer
  expect(kDoNot, "", "A greeting, it seems.\nFriendly.\n</think>\n\nHello there!");
  expect(R"(,"reasoning_effort":"none")", "",
         "A greeting, it seems.\nFriendly.\n</think>\n\nHello there!");
}

TEST_F(OpenAiThoughtsTest, TheSmallModelsThinkIfAskedTo) {
  use_template("qwen3.5-0.8b");
  start("Hm.\n</think>\n\nHello!");
  expect("", "", "Hm.\n</think>\n\nHello!");
  expect(kThink, "Hm.", "Hello!");
  expect(R"(,"reasoning_effort":"low")", "Hm.", "Hello!");
}

// Qwen3 writes the mark itself.
TEST_F(OpenAiThoughtsTest, BeginWithTheMarkOfTheModel) {
  use_template("qwen3");
  start("<think>\nA greeting.\n</think>\n\nHello!");
  expect(kThink, "A greeting.", "Hello!");
  expect("", "A greeting.", "Hello!");
}

TEST_F(OpenAiThoughtsTest, AreThereWhereTheModelAlwaysThinks) {
  use_template("qwen3-2507-thinking");
  start("A greeting.\n</think>\n\nHello!");
  expect("", "A greeting.", "Hello!");
  const ClientResponse reply = post("/chat", R"({"input":"hello","tasks":["chat"]})");
  EXPECT_EQ(reply.json().at("reply").as_string(), "Hello!");
}

TEST_F(OpenAiThoughtsTest, AModelThatDoesNotThinkMayWriteMarks) {
  use_template("qwen2.5");
  start("<think>\nA greeting.\n</think>\n\nHello!");
  expect("", "", "<think>\nA greeting.\n</think>\n\nHello!");
  expect(kThink, "", "<think>\nA greeting.\n</think>\n\nHello!");
}

// Every token is reported once, those of marks and of held back text included.
TEST_F(OpenAiThoughtsTest, LogprobsAreOfAllTokens) {
  use_template("qwen3.5");
  start("Hm.\n</think>\n\nHello!\n");
  const auto tokens_of = [](const boost::json::object& one) {
    const auto* logprobs = choice(one).at("logprobs").if_object();
    return logprobs == nullptr ? size_t{0} : logprobs->at("content").as_array().size();
  };
  const size_t expected = tokenizer_->encode("Hm.\n</think>\n\nHello!\n").size();
  EXPECT_EQ(tokens_of(post(kChat, chat(R"(,"logprobs":true)")).json()), expected);
  size_t streamed = 0;
  for (const auto& one : chunks(post(kChat, chat(R"(,"logprobs":true,"stream":true)"))))
    streamed += tokens_of(one);
  EXPECT_EQ(streamed, expected);
}

// Thoughts of an earlier answer, as clients send them back: this template leaves them out.
TEST_F(OpenAiThoughtsTest, OfHistoryAreTheTemplatesAffair) {
  for (const char* name : {"qwen3", "qwen3.5"}) {
    use_template(name);
    start();
    const auto prompt_tokens = [&](std::string_view answer) {
      const ClientResponse response =
          post(kChat, R"({"messages":[{"role":"user","content":"a"},{"role":"assistant",)" +
                          std::string(answer) + R"(},{"role":"user","content":"b"}]})");
      EXPECT_EQ(response.status, 200) << response.body;
      return response.json().at("usage").as_object().at("prompt_tokens").as_int64();
    };
    const int64_t plain = prompt_tokens(R"("content":"ok")");
    EXPECT_EQ(prompt_tokens(R"("content":"ok","reasoning_content":"Hm.")"), plain) << name;
    EXPECT_EQ(prompt_tokens(R"("content":"<think>\nHm.\n</think>\n\nok")"), plain) << name;
    server_->stop(std::chrono::milliseconds(0));
    slot_.set(nullptr);
    pipeline_.reset();
    engine_.reset();
  }
}

}  // namespace
}  // namespace qaio
