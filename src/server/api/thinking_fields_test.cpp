#include "server/api/thinking_fields.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "server/api/openai_fixture_for_test.h"

namespace qaio {
namespace {

// The ways in which clients say it, and what the refusal calls it.
constexpr struct {
  std::string_view off, on, field;
} kWishes[] = {
    {R"("enable_thinking":false)", R"("enable_thinking":true)", "enable_thinking"},
    {R"("chat_template_kwargs":{"enable_thinking":false})",
     R"("chat_template_kwargs":{"enable_thinking":true})", "chat_template_kwargs.enable_thinking"},
    {R"("chat_template_kwargs":{"thinking":false})", R"("chat_template_kwargs":{"thinking":true})",
     "chat_template_kwargs.thinking"},
    {R"("extra_body":{"enable_thinking":false})", R"("extra_body":{"enable_thinking":true})",
     "extra_body.enable_thinking"},
    {R"("extra_body":{"chat_template_kwargs":{"enable_thinking":false}})",
     R"("extra_body":{"chat_template_kwargs":{"enable_thinking":true}})",
     "extra_body.chat_template_kwargs.enable_thinking"},
    {R"("think":false)", R"("think":true)", "think"},
    {R"("think":"none")", R"("think":"high")", "think"},
    {R"("thinking":{"type":"disabled"})", R"("thinking":{"type":"enabled","budget_tokens":9})",
     "thinking"},
    {R"("reasoning":{"enabled":false})", R"("reasoning":{"enabled":true})", "reasoning.enabled"},
    {R"("reasoning":{"effort":"none"},"enable_thinking":null)",
     R"("reasoning":{"effort":"none"},"enable_thinking":true)", "enable_thinking"},
};
// That clients send to models of every kind.
constexpr std::string_view kNoWish[] = {
    R"("reasoning_effort":"none")",  R"("reasoning_effort":"low")",
    R"("reasoning_effort":"high")",  R"("reasoning":{"effort":"medium","summary":"auto"})",
    R"("thinking":{"type":"auto"})", R"("reasoning_budget":0)",
    R"("reasoning_budget":-1)",      R"("thinking_budget":512)",
    R"("chat_template_kwargs":{})",  R"("extra_body":{})",
    R"("enable_thinking":null)",
};

class ThinkingFieldsTest : public OpenAiFixture {
 protected:
  ClientResponse ask(std::string_view member) {
    return post(kChat, chat("," + std::string(member)));
  }
  static int64_t prompt_tokens(const ClientResponse& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    return response.json().at("usage").as_object().at("prompt_tokens").as_int64();
  }
};

TEST_F(ThinkingFieldsTest, SwitchedOffChangesNothing) {
  for (const char* name : {"qwen2.5", "qwen3", "qwen3-2507-instruct", "qwen3-2507-thinking"}) {
    use_template(name);
    listen();
    load();
    const int64_t plain = prompt_tokens(post(kChat, chat()));
    for (const auto& wish : kWishes) {
      EXPECT_EQ(prompt_tokens(ask(wish.off)), plain) << name << " " << wish.off;
    }
    for (const std::string_view member : kNoWish)
      EXPECT_EQ(prompt_tokens(ask(member)), plain) << name << " " << member;
    server_->stop(std::chrono::milliseconds(0));
    slot_.set(nullptr);
    pipeline_.reset();
    engine_.reset();  // before the model that it runs
  }
}

TEST_F(ThinkingFieldsTest, SwitchedOnIsRefusedByNameWhereItWouldChangeTheAnswer) {
  use_template("qwen3");
  start();
  for (const auto& wish : kWishes) {
    const ClientResponse refused = ask(wish.on);
    EXPECT_EQ(refused.status, 400) << wish.on;
    EXPECT_EQ(refused.error("code"), "invalid_argument") << wish.on;
    EXPECT_EQ(refused.error("param"), wish.field) << wish.on;
    EXPECT_THAT(refused.error("message"), testing::HasSubstr("think first")) << wish.on;
  }
}

TEST_F(ThinkingFieldsTest, SwitchedOnIsTakenWhereTheTemplateHasNoSwitch) {
  use_template("qwen3-2507-thinking");
  start();
  const int64_t plain = prompt_tokens(post(kChat, chat()));
  for (const auto& wish : kWishes) EXPECT_EQ(prompt_tokens(ask(wish.on)), plain) << wish.on;
}

TEST_F(ThinkingFieldsTest, OtherValuesAreRefused) {
  start();
  constexpr struct {
    std::string_view member, field;
  } kRefused[] = {
      {R"("enable_thinking":"no")", "enable_thinking"},
      {R"("chat_template_kwargs":{"enable_thinking":0})", "chat_template_kwargs.enable_thinking"},
      {R"("chat_template_kwargs":{"other":1})", "chat_template_kwargs.other"},
      {R"("chat_template_kwargs":true)", "chat_template_kwargs"},
      {R"("extra_body":{"extra_body":{}})", "extra_body.extra_body"},
      {R"("think":1)", "think"},
      {R"("thinking":{"type":"x"})", "thinking.type"},
      {R"("reasoning":"high")", "reasoning"},
      {R"("reasoning":{"effort":1})", "reasoning.effort"},
      {R"("reasoning_effort":1)", "reasoning_effort"},
      {R"("reasoning_budget":"x")", "reasoning_budget"},
  };
  for (const auto& [member, field] : kRefused) {
    const ClientResponse refused = ask(member);
    EXPECT_EQ(refused.status, 400) << member;
    EXPECT_EQ(refused.error("param"), field) << member;
  }
}

TEST_F(ThinkingFieldsTest, ATemplateThatRefusesIsTheConversationsFault) {
  use_template("qwen3.5");
  start();
  const ClientResponse refused = post(
      kChat, R"({"messages":[{"role":"user","content":"a"},{"role":"system","content":"b"}]})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.error("param"), "messages");
  EXPECT_THAT(refused.error("message"),
              testing::HasSubstr("System message must be at the beginning."));
}

// -1 and its like are other servers' "any seed".
TEST_F(ThinkingFieldsTest, ANegativeSeedIsAnyOne) {
  start();
  EXPECT_EQ(ask(R"("seed":-1)").status, 200);
  EXPECT_EQ(post("/chat", R"({"input":"x","seed":-7})").status, 200);
  EXPECT_EQ(post("/v1/tasks/chat", R"({"input":"x","seed":-1})").status, 200);
}

}  // namespace
}  // namespace qaio
