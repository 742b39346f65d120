#include "server/api/thinking_fields.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "server/api/openai_fixture_for_test.h"

namespace qaio {
namespace {

// The ways in which clients say it, and the name of the field.
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
    {R"("enable_thinking":false,"reasoning_effort":"high")",
     R"("enable_thinking":true,"reasoning_effort":"none")", "enable_thinking"},
};
// Efforts, which clients send to models of every kind.
constexpr struct {
  std::string_view off, on;
} kEfforts[] = {
    {R"("reasoning_effort":"none")", R"("reasoning_effort":"low")"},
    {R"("reasoning_effort":"minimal")", R"("reasoning_effort":"high")"},
    {R"("reasoning":{"effort":"none"})", R"("reasoning":{"effort":"medium","summary":"auto"})"},
    {R"("reasoning_budget":0)", R"("reasoning_effort":"xhigh","reasoning_budget":-1)"},
};
constexpr std::string_view kNoWish[] = {
    R"("thinking":{"type":"auto"})", R"("reasoning_budget":-1)",     R"("thinking_budget":512)",
    R"("chat_template_kwargs":{})",  R"("extra_body":{})",           R"("enable_thinking":null)",
    R"("reasoning_effort":null)",    R"("reasoning_effort":"auto")",
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

// Tokens of the small vocabulary that the template writes behind <|im_start|>assistant.
TEST_F(ThinkingFieldsTest, TheTemplateGetsTheWish) {
  constexpr struct {
    const char* name;
    bool thinks, has_switch;
  } kTemplates[] = {{"qwen2.5", false, false},
                    {"qwen3", false, true},
                    {"qwen3-2507-instruct", false, false},
                    {"qwen3-2507-thinking", true, false},
                    {"qwen3.5", true, true},
                    {"qwen3.5-0.8b", false, true}};
  for (const auto& [name, thinks, has_switch] : kTemplates) {
    use_template(name);
    listen();
    load();
    const auto rendered = [&](bool think) {
      const std::vector<Message> messages = {{Role::kUser, "hello"}};
      const std::string text = chat_.render(messages, {.think = think})->text;
      return static_cast<int64_t>(tokenizer_->encode_with_special(text).size());
    };
    EXPECT_EQ(rendered(true) != rendered(false), has_switch) << name;
    EXPECT_EQ(prompt_tokens(post(kChat, chat())), rendered(thinks)) << name;
    for (const auto& wish : kWishes) {
      EXPECT_EQ(prompt_tokens(ask(wish.off)), rendered(false)) << name << " " << wish.off;
      EXPECT_EQ(prompt_tokens(ask(wish.on)), rendered(true)) << name << " " << wish.on;
    }
    for (const auto& effort : kEfforts) {
      EXPECT_EQ(prompt_tokens(ask(effort.off)), rendered(false)) << name << " " << effort.off;
      EXPECT_EQ(prompt_tokens(ask(effort.on)), rendered(true)) << name << " " << effort.on;
    }
    for (const std::string_view member : kNoWish)
      EXPECT_EQ(prompt_tokens(ask(member)), rendered(thinks)) << name << " " << member;
    server_->stop(std::chrono::milliseconds(0));
    slot_.set(nullptr);
    pipeline_.reset();
    engine_.reset();  // before the model that it runs
  }
}

// A choice is the model's first word: whoever insists on thoughts hears that there are none.
TEST_F(ThinkingFieldsTest, ChoicesAreMadeAtOnce) {
  use_template("qwen3.5");
  start();
  constexpr std::string_view kChoice = R"("guided_choice":["yes","no"],)";
  for (const auto& wish : kWishes) {
    const ClientResponse refused = ask(std::string(kChoice) + std::string(wish.on));
    EXPECT_EQ(refused.status, 400) << wish.on;
    EXPECT_EQ(refused.error("code"), "invalid_argument") << wish.on;
    EXPECT_EQ(refused.error("param"), wish.field) << wish.on;
    EXPECT_THAT(refused.error("message"), testing::HasSubstr("think first")) << wish.on;
    EXPECT_EQ(ask(std::string(kChoice) + std::string(wish.off)).status, 200) << wish.off;
  }
  for (const auto& effort : kEfforts)
    EXPECT_EQ(ask(std::string(kChoice) + std::string(effort.on)).status, 200) << effort.on;
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
