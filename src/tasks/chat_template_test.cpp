#include "tasks/chat_template.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/file_set.h"
#include "tasks/chat_prompt.h"
#include "tasks/prompt.h"

namespace qaio {
namespace {

// The small tokenizer, with the tokens that Qwen3's has more or as it is.
std::unique_ptr<Tokenizer> load_tokenizer(bool thinking) {
  auto files = FileSet::open(QAIO_SOURCE_DIR "/tests/data/tokenizer.json");
  EXPECT_TRUE(files) << files.error().message;
  std::string json(files->text("tokenizer.json"));
  if (thinking) {
    constexpr std::string_view kList = "\"added_tokens\":";
    json.insert(json.find('[', json.find(kList)) + 1,
                R"({"id": 1027, "content": "<think>", "special": false},)"
                R"({"id": 1028, "content": "</think>", "special": false},)");
  }
  auto loaded = Tokenizer::from_json(json);
  EXPECT_TRUE(loaded) << loaded.error().message;
  return std::move(*loaded);
}

std::string prompt_of(const Tokenizer& tokenizer, const std::vector<Turn>& history) {
  TaskDefinition task;
  task.name = "small";
  task.history = true;
  const auto compiled = PromptTemplate::compile(task, tokenizer);
  EXPECT_TRUE(compiled) << compiled.error().message;
  Lane lane;
  lane.start(0);
  return tokenizer.decode(compiled->build("hi", history, lane, SteadyClock::instance())->ids,
                          false);
}

std::string chat_prompt_of(const Tokenizer& tokenizer, const std::vector<Message>& messages) {
  Lane lane;
  lane.start(0);
  return tokenizer.decode(
      build_chat_prompt(messages, tokenizer, 1000, lane, SteadyClock::instance())->ids, false);
}

constexpr const char* kThoughtful = "<think>\nA greeting.\n</think>\n\nHello!";

TEST(ChatTemplate, AThinkingModelIsAskedForTheAnswerAtOnce) {
  const auto tokenizer = load_tokenizer(true);
  const std::string expected =
      "<|im_start|>user\nhey<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n"
      "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n";
  EXPECT_EQ(prompt_of(*tokenizer, {{"hey", kThoughtful}}), expected);
  EXPECT_EQ(
      chat_prompt_of(*tokenizer,
                     {{Role::kUser, "hey"}, {Role::kAssistant, kThoughtful}, {Role::kUser, "hi"}}),
      expected);
  // the token, not its spelling
  EXPECT_EQ(std::ranges::count(tokenizer->encode(answer_head(*tokenizer)), 1027), 1);
}

TEST(ChatTemplate, OthersHaveNoThoughts) {
  const auto tokenizer = load_tokenizer(false);
  EXPECT_EQ(answer_head(*tokenizer), "assistant\n");
  EXPECT_EQ(repeated_answer(kThoughtful, *tokenizer), kThoughtful);
}

}  // namespace
}  // namespace qaio
