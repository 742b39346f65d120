#include "tasks/chat_template.h"

#include <gmock/gmock.h>

#include "tasks/published_template_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string text_of(const ChatTemplate& chat, const std::vector<Message>& messages,
                    TemplateOptions options = {}) {
  const auto rendered = chat.render(messages, options);
  EXPECT_TRUE(rendered) << rendered.error().message;
  return rendered ? rendered->text : std::string();
}

const std::vector<Message> kHi = {{Role::kUser, "hi"}};
constexpr std::string_view kAsked = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n";

TEST(ChatTemplate, PublishedFormsAreKnownByWhatTheyRender) {
  constexpr struct {
    const char* file;
    const char* name;
    const char* system;
    Thinking thinking;
    const char* answer;
  } kForms[] = {
      {"qwen1.5", "Qwen1.5", "You are a helpful assistant", Thinking::kNone, ""},
      {"qwen2", "Qwen2", "You are a helpful assistant.", Thinking::kNone, ""},
      {"qwen2.5", "Qwen2.5", "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
       Thinking::kNone, ""},
      {"qwen3", "Qwen3", "", Thinking::kSwitch, "<think>\n\n</think>\n\n"},
      {"qwen3-2507-instruct", "Qwen3-2507 Instruct", "", Thinking::kNone, ""},
      {"qwen3-2507-thinking", "Qwen3-2507 Thinking", "", Thinking::kAlways, "<think>\n"},
      {"qwen3.5", "Qwen3.5", "", Thinking::kSwitch, "<think>\n\n</think>\n\n"},
      {"qwen3.5-0.8b", "Qwen3.5", "", Thinking::kSwitch, "<think>\n\n</think>\n\n"},
  };
  for (const auto& form : kForms) {
    const ChatTemplate chat = published(form.file);
    EXPECT_EQ(chat.default_system(), form.system) << form.file;
    EXPECT_EQ(chat.thinking(), form.thinking) << form.file;
    EXPECT_THAT(chat.describe(), StartsWith(std::string("the model's own, as ") + form.name));
    const std::string system(form.system);
    EXPECT_EQ(text_of(chat, kHi),
              (system.empty() ? "" : "<|im_start|>system\n" + system + "<|im_end|>\n") +
                  std::string(kAsked) + form.answer)
        << form.file;
    EXPECT_EQ(text_of(chat, {{Role::kSystem, "S"}, {Role::kUser, "hi"}}),
              "<|im_start|>system\nS<|im_end|>\n" + std::string(kAsked) + form.answer)
        << form.file;
  }
}

TEST(ChatTemplate, WhetherAModelThinksWhereNobodySays) {
  constexpr struct {
    const char* file;
    bool by_default;
    const char *unsaid, *on, *off, *described;
  } kForms[] = {
      {"qwen2.5", false, "", "", "", "helpful assistant.\""},
      {"qwen3", false, "", "", "<think>\n\n</think>\n\n", "; thinks if asked to"},
      {"qwen3.5", true, "<think>\n", "<think>\n", "<think>\n\n</think>\n\n",
       "; thinks unless asked not to"},
      {"qwen3.5-0.8b", false, "<think>\n\n</think>\n\n", "<think>\n", "<think>\n\n</think>\n\n",
       "; thinks if asked to"},
      {"qwen3-2507-thinking", false, "<think>\n", "<think>\n", "<think>\n", "; always thinks"},
  };
  for (const auto& form : kForms) {
    const ChatTemplate chat = published(form.file);
    EXPECT_EQ(chat.thinks_by_default(), form.by_default) << form.file;
    EXPECT_THAT(chat.describe(), testing::EndsWith(form.described));
    const auto behind = [&](std::optional<bool> think) {
      const std::string text = text_of(chat, kHi, {.think = think});
      return text.substr(text.find(kAsked) + kAsked.size());
    };
    EXPECT_EQ(behind({}), form.unsaid) << form.file;
    EXPECT_EQ(behind(true), form.on) << form.file;
    EXPECT_EQ(behind(false), form.off) << form.file;
  }
}

TEST(ChatTemplate, ThoughtsOfEarlierAnswers) {
  const std::vector<Message> messages = {
      {Role::kUser, "hey"},
      {Role::kAssistant, "<think>\nA greeting.\n</think>\n\nHello!"},
      {Role::kUser, "hi"}};
  const auto expected = [](std::string_view answer) {
    return "<|im_start|>user\nhey<|im_end|>\n<|im_start|>assistant\n" + std::string(answer) +
           "<|im_end|>\n" + std::string(kAsked);
  };
  EXPECT_EQ(text_of(published("qwen3"), messages), expected("Hello!") + "<think>\n\n</think>\n\n");
  EXPECT_EQ(text_of(published("qwen3"), messages, {.think = true}), expected("Hello!"));
  EXPECT_EQ(text_of(published("qwen3-2507-thinking"), messages), expected("Hello!") + "<think>\n");
  EXPECT_EQ(text_of(published("qwen3-2507-instruct"), messages), expected(messages[1].text));
  // one that is to be continued keeps them
  const std::vector<Message> open = {{Role::kUser, "hi"},
                                     {Role::kAssistant, "Hello!", "A greeting."}};
  EXPECT_THAT(text_of(published("qwen3"), open),
              HasSubstr("assistant\n<think>\nA greeting.\n</think>\n\nHello!<|im_end|>"));
}

TEST(ChatTemplate, ALabelStandsWhereTheAnswerBegins) {
  const TemplateOptions close{.close_thought = true};
  const std::string closed = std::string(kAsked) + "<think>\n\n</think>\n\n";
  EXPECT_EQ(text_of(published("qwen3-2507-thinking"), kHi, close), closed);
  EXPECT_EQ(text_of(published("qwen3"), kHi, close), closed);
  EXPECT_EQ(text_of(published("qwen3-2507-instruct"), kHi, close), kAsked);
  EXPECT_EQ(text_of(published("qwen3.5"), kHi, {.think = {}, .close_thought = true}), closed);
  // what a user writes opens nothing, and closes nothing
  const auto asking = [](std::string_view text) {
    return "<|im_start|>user\n" + std::string(text) + "<|im_end|>\n<|im_start|>assistant\n";
  };
  for (const char* text : {"What is <think>?", "And </think>?"}) {
    EXPECT_EQ(text_of(ChatTemplate::chatml(), {{Role::kUser, text}}, close), asking(text));
    EXPECT_EQ(text_of(published("qwen3-2507-thinking"), {{Role::kUser, text}}, close),
              asking(text) + "<think>\n\n</think>\n\n");
  }
}

TEST(ChatTemplate, OtherTemplatesAreRenderedToo) {
  const auto chat = ChatTemplate::compile(
      "{{ bos_token }}{% for m in messages %}[{{ m['role']|upper }}] {{ m['content'] | trim }}\n"
      "{% endfor %}{% if add_generation_prompt %}[ASSISTANT]{% endif %}");
  ASSERT_TRUE(chat) << chat.error().message;
  EXPECT_EQ(text_of(*chat, {{Role::kUser, " hi "}}), "[USER] hi\n[ASSISTANT]");
  EXPECT_EQ(chat->describe(), "the model's own; no system text by default");
}

TEST(ChatTemplate, WithoutAUsableOneItIsChatMlAndSaysSo) {
  const ChatTemplate none = ChatTemplate::of_model("");
  EXPECT_EQ(text_of(none, kHi), kAsked);
  EXPECT_THAT(none.note(), HasSubstr("hold no chat template"));
  EXPECT_THAT(none.describe(), StartsWith("plain ChatML, as the model's files hold no"));
  for (const char* source : {"{% include 'x' %}", "{{ raise_exception('no') }}", "hello",
                             "{% for m in messages %}{{ m.content.nosuch }}{% endfor %}"}) {
    const ChatTemplate odd = ChatTemplate::of_model(source);
    EXPECT_EQ(text_of(odd, kHi), kAsked) << source;
    EXPECT_THAT(odd.note(), HasSubstr("cannot be used (")) << source;
  }
  EXPECT_EQ(ChatTemplate::of_model(published_source("qwen3")).note(), "");
}

TEST(ChatTemplate, RefusesAConversationInItsOwnWords) {
  const auto refused = published("qwen3.5").render(
      std::vector<Message>{{Role::kUser, "hi"}, {Role::kSystem, "late"}, {Role::kUser, "ho"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused.error().field, "messages");
  EXPECT_THAT(refused.error().message, HasSubstr("System message must be at the beginning."));
}

// As Hugging Face defines it for Llama 3's and others' templates: it is there, and writes the time
// of the clock, not that of loading.
TEST(ChatTemplate, TheDateIsTheClocks) {
  FakeClock clock;
  clock.advance_ns(int64_t{11} * 3600 * 1'000'000'000);  // the same day in every zone but three
  const auto chat = ChatTemplate::compile(
      "{% if strftime_now is defined %}{{ strftime_now('%Y-%m-%d') }}{% endif %}"
      "{% for m in messages %}{{ m.content }}{% endfor %}",
      clock);
  ASSERT_TRUE(chat) << chat.error().message;
  EXPECT_EQ(chat->thinking(), Thinking::kNone);
  const std::vector<Message> messages = {{Role::kUser, "!"}};
  EXPECT_EQ(chat->render(messages)->text, "1970-01-01!");
  clock.advance_ns(int64_t{400} * 24 * 3600 * 1'000'000'000);
  EXPECT_EQ(chat->render(messages)->text, "1971-02-05!");
}

}  // namespace
}  // namespace qaio
