#include "tasks/task.h"

#include <gmock/gmock.h>

#include "config/toml_for_test.h"

namespace qaio {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string toml_error(std::string_view toml) {
  TaskRegistry registry = TaskRegistry::built_in();
  const auto file = TomlFile::parse(toml, "tasks.toml");
  if (!file) return file.error().message;
  const auto result = registry.add_toml(*file);
  EXPECT_EQ(registry.all().size(), 2U) << "a refused file must not change anything";
  if (result) return "accepted";
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  return result.error().message;
}

TEST(TaskRegistry, HasTheTwoBuiltInTasks) {
  const TaskRegistry registry = TaskRegistry::built_in();
  const TaskDefinition* sentiment = registry.find("sentiment");
  ASSERT_NE(sentiment, nullptr);
  EXPECT_EQ(sentiment->kind, TaskKind::kClassify);
  EXPECT_EQ(sentiment->decode, DecodeMode::kScore);
  EXPECT_THAT(sentiment->labels, ElementsAre("正面", "负面"));
  EXPECT_EQ(sentiment->system,
            "你是一个冷静的情感分析师。判断用户这句话的情感,只回答“正面”或“负面”。");
  EXPECT_EQ(sentiment->max_new_tokens, 5);
  const TaskDefinition* chat = registry.find("chat");
  ASSERT_NE(chat, nullptr);
  EXPECT_EQ(chat->kind, TaskKind::kGenerate);
  EXPECT_TRUE(chat->history);
  EXPECT_EQ(chat->max_prompt_tokens, 512);
  EXPECT_EQ(chat->max_new_tokens, 128);
  EXPECT_EQ(registry.find("other"), nullptr);
}

TEST(TaskRegistry, FiveLinesOfTomlAddATask) {
  TaskRegistry registry = TaskRegistry::built_in();
  const auto added = registry.add_toml(toml_of(R"(
[[task]]
name = "intent"
kind = "classify"
system = "Which intent?"
labels = ["question", "order", "complaint"]

[[task]]
name = "haiku"
kind = "generate"
user = "Write a haiku about {input}."
temperature = 1
top_p = 0.5
)"));
  ASSERT_TRUE(added) << added.error().message;
  const TaskDefinition* intent = registry.find("intent");
  ASSERT_NE(intent, nullptr);
  EXPECT_THAT(intent->labels, ElementsAre("question", "order", "complaint"));
  EXPECT_EQ(intent->max_new_tokens, 5);
  const TaskDefinition* haiku = registry.find("haiku");
  ASSERT_NE(haiku, nullptr);
  EXPECT_EQ(haiku->user, "Write a haiku about {input}.");
  EXPECT_FLOAT_EQ(haiku->temperature, 1.0F);
  EXPECT_FLOAT_EQ(haiku->top_p, 0.5F);
}

TEST(TaskRegistry, TheModelsSamplingIsTheDefault) {
  GenerationConfig model;
  model.temperature = 0.5F;
  model.top_p = 0.8F;
  model.repetition_penalty = 1.1F;
  TaskRegistry registry = TaskRegistry::built_in(model);
  ASSERT_TRUE(
      registry.add_toml(toml_of("[[task]]\nname='haiku'\nkind='generate'\ntop_p=1\ntop_k=20\n"
                                "[[task]]\nname='tone'\nkind='classify'\nlabels=['a','b']\n")));
  const SamplingParams chat = registry.find("chat")->sampling();
  EXPECT_FLOAT_EQ(chat.temperature, 0.5F);
  EXPECT_FLOAT_EQ(chat.top_p, 0.8F);
  EXPECT_FLOAT_EQ(chat.repetition_penalty, 1.1F);
  EXPECT_EQ(chat.top_k, 0);
  const SamplingParams haiku = registry.find("haiku")->sampling();
  EXPECT_FLOAT_EQ(haiku.temperature, 0.5F);
  EXPECT_FLOAT_EQ(haiku.top_p, 1.0F);
  EXPECT_EQ(haiku.top_k, 20);
  for (const char* greedy : {"tone", "sentiment"}) {
    EXPECT_FLOAT_EQ(registry.find(greedy)->sampling().temperature, 0.0F) << greedy;
    EXPECT_FLOAT_EQ(registry.find(greedy)->sampling().repetition_penalty, 1.0F) << greedy;
  }
}

TEST(TaskRegistry, ANamedTaskKeepsWhatIsLeftOut) {
  TaskRegistry registry = TaskRegistry::built_in();
  const auto changed =
      registry.add_toml(toml_of("[[task]]\nname = 'sentiment'\ndecode = 'generate'\n"));
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(registry.all().size(), 2U);
  const TaskDefinition* sentiment = registry.find("sentiment");
  EXPECT_EQ(sentiment->decode, DecodeMode::kGenerate);
  EXPECT_THAT(sentiment->labels, ElementsAre("正面", "负面"));
}

TEST(TaskRegistry, RefusalsNameLineTaskAndKey) {
  EXPECT_THAT(toml_error("[[task]]\nname = \n"), HasSubstr("tasks.toml line 2"));
  EXPECT_THAT(toml_error("[[task]]\nkind = 'generate'\n"),
              AllOf(HasSubstr("tasks.toml line 1"), HasSubstr("has no name")));
  EXPECT_THAT(toml_error("[[task]]\nname = 'No Spaces'\nkind = 'generate'\n"),
              HasSubstr("line 2: a task needs a name"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\n"), HasSubstr("'a' needs kind"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'sing'\n"), HasSubstr("line 3"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'generate'\nlables = []\n"),
              AllOf(HasSubstr("line 4"), HasSubstr("unknown key 'lables'"), HasSubstr("labels")));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'generate'\nlabels = ['x', 'y']\n"),
              HasSubstr("classify"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'generate'\ndecode = 'score'\n"),
              HasSubstr("classify"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'classify'\nlabels = ['x']\n"),
              HasSubstr("2 to 64 labels"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'classify'\nlabels = ['x', 'x']\n"),
              HasSubstr("same label twice"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'classify'\nlabels = ['x', 3]\n"),
              HasSubstr("non-empty string"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'generate'\nuser = 'hello'\n"),
              HasSubstr("{input} exactly once"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'generate'\nuser = '{input}{input}'\n"),
              HasSubstr("{input} exactly once"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'generate'\nmax_new_tokens = 0\n"),
              HasSubstr("max_new_tokens"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'generate'\nmax_new_tokens = '9'\n"),
              HasSubstr("max_new_tokens"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'generate'\ntemperature = nan\n"),
              HasSubstr("temperature"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'generate'\ntop_p = 0\n"),
              HasSubstr("top_p"));
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'generate'\nhistory = 1\n"),
              HasSubstr("history"));
  EXPECT_EQ(toml_error("tasks = 1\n"), "accepted") << "which is for others to read";
  EXPECT_THAT(toml_error("task = 1\n"), HasSubstr("tasks.toml line 1: 'task' must be written as"));
  EXPECT_THAT(toml_error("task = [1]\n"), HasSubstr("[[task]]"));
}

TEST(TaskRegistry, AWrongLabelIsOnItsOwnLine) {
  EXPECT_THAT(toml_error("[[task]]\nname = 'a'\nkind = 'classify'\nlabels = [\n'x',\n3]\n"),
              HasSubstr("tasks.toml line 6: task 'a' has a label"));
}

TEST(TaskRegistry, TwoTablesOfOneNameAreRefusedWithBothLines) {
  EXPECT_EQ(toml_error("[[task]]\nname = 'a'\nkind = 'generate'\n\n"
                       "[[task]]\nname = 'a'\ntemperature = 0\n"),
            "tasks.toml line 5: there is a second one with the name 'a'; the first is on line 1");
  EXPECT_THAT(toml_error("[[task]]\nname = 'chat'\n[[task]]\nname = 'chat'\n"),
              HasSubstr("line 3: there is a second one with the name 'chat'"))
      << "built-in ones may be changed, but once";
}

TEST(TaskRegistry, TheNumberOfTasksIsBounded) {
  std::string toml;
  for (int i = 0; i < 70; ++i) {
    toml += "[[task]]\nname = 't" + std::to_string(i) + "'\nkind = 'generate'\n";
  }
  EXPECT_THAT(toml_error(toml), HasSubstr("more than 64 tasks"));
}

}  // namespace
}  // namespace qaio
