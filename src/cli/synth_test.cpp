// The chat template of a random model writes what the published one writes.
#include "weights/synth.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file_set.h"
#include "base/temp_path_for_test.h"
#include "model/chat_template_source.h"
#include "tasks/published_template_for_test.h"

namespace qaio {
namespace {

TEST(SynthChatTemplate, IsQwen35sForConversations) {
  const std::vector<std::vector<Message>> conversations = {
      {{Role::kUser, "hi"}},
      {{Role::kSystem, " Be brief.\n"}, {Role::kUser, "\nhi <think> there "}},
      {{Role::kUser, "hey"},
       {Role::kAssistant, "<think>\nA greeting.\n</think>\n\nHello!\n"},
       {Role::kUser, "a"},
       {Role::kAssistant, "b", "thoughts"},
       {Role::kUser, "hi"}},
  };
  for (const bool thinks : {false, true}) {
    ModelShape shape = *find_model_shape("tiny-qwen3.5");
    shape.delta_net->thinks = thinks;
    const std::filesystem::path path = temp_path("synth_template.gguf");
    const auto written = synthesize_gguf(shape, {}, path);
    ASSERT_TRUE(written) << written.error().message;
    const auto files = FileSet::open(path);
    ASSERT_TRUE(files) << files.error().message;
    const auto file = GgufFile::parse(files->bytes(path.filename().string()), "synth_template.gguf");
    ASSERT_TRUE(file) << file.error().message;
    const auto chat = ChatTemplate::compile(chat_template_of(*file));
    ASSERT_TRUE(chat) << chat.error().message;
    const ChatTemplate theirs = published(thinks ? "qwen3.5" : "qwen3.5-0.8b");
    EXPECT_EQ(chat->describe(), theirs.describe());
    for (const auto& messages : conversations) {
      for (const std::optional<bool> think :
           {std::optional<bool>(), std::optional(true), std::optional(false)}) {
        EXPECT_EQ(chat->render(messages, {.think = think})->text,
                  theirs.render(messages, {.think = think})->text);
      }
    }
    std::filesystem::remove(path);
  }
}

}  // namespace
}  // namespace qaio
