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

// One question of each kind.
constexpr std::string_view kQuestions = R"(
[[task]]
name = "topic"
kind = "choice"
system = "You sort mail."
question = "What is it about?"
options = ["invoice", {name = "bug", description = "something does not work"}, "other"]
permutations = 3
max_prompt_tokens = 2000

[[task]]
name = "anger"
kind = "score"
question = "How angry is the writer?"
levels = ["calm", "annoyed", "furious"]

[[task]]
name = "urgent"
kind = "yes_no"
question = "Must it be answered today?"
yes = "names a day"
)";

TEST(TaskRegistry, QuestionsAreTasks) {
  TaskRegistry registry = TaskRegistry::built_in();
  const auto added = registry.add_toml(toml_of(kQuestions));
  ASSERT_TRUE(added) << added.error().message;
  const TaskDefinition& topic = *registry.find("topic");
  EXPECT_EQ(topic.kind, TaskKind::kDecide);
  EXPECT_EQ(topic.kind_name(), "choice");
  EXPECT_EQ(topic.system, "You sort mail.");
  EXPECT_EQ(topic.max_prompt_tokens, 2000);
  EXPECT_THAT(topic.labels, ElementsAre("invoice", "bug", "other"));
  EXPECT_EQ(topic.question->instructions, "What is it about?");
  EXPECT_EQ(topic.question->permutations, 3);
  EXPECT_EQ(topic.question->options[0].description, "");
  EXPECT_EQ(topic.question->options[1].description, "something does not work");
  const TaskDefinition& anger = *registry.find("anger");
  EXPECT_EQ(anger.kind_name(), "score");
  EXPECT_THAT(anger.labels, ElementsAre("0", "1", "2"));
  EXPECT_EQ(anger.question->options[2].description, "furious");
  const TaskDefinition& urgent = *registry.find("urgent");
  EXPECT_EQ(urgent.kind_name(), "yes_no");
  EXPECT_THAT(urgent.labels, ElementsAre("yes", "no"));
  EXPECT_EQ(urgent.question->options[0].description, "names a day");
  EXPECT_EQ(urgent.question->options[1].description, "");
  EXPECT_FALSE(registry.find("sentiment")->question);
  EXPECT_EQ(registry.find("sentiment")->kind_name(), "classify");
  EXPECT_EQ(registry.find("chat")->kind_name(), "generate");
}

TEST(TaskRegistry, AQuestionKeepsWhatIsLeftOut) {
  TaskRegistry registry = TaskRegistry::built_in();
  ASSERT_TRUE(registry.add_toml(toml_of(kQuestions)));
  const auto changed =
      registry.add_toml(toml_of("[[task]]\nname='topic'\npermutations=1\n"
                                "[[task]]\nname='anger'\nkind='score'\nlevels=['low','high']\n"
                                "[[task]]\nname='urgent'\nno='can wait'\n"));
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(registry.find("topic")->question->permutations, 1);
  EXPECT_EQ(registry.find("topic")->labels.size(), 3U);
  EXPECT_EQ(registry.find("anger")->question->instructions, "How angry is the writer?");
  EXPECT_THAT(registry.find("anger")->labels, ElementsAre("0", "1"));
  EXPECT_EQ(registry.find("urgent")->question->options[0].description, "names a day");
  EXPECT_EQ(registry.find("urgent")->question->options[1].description, "can wait");
}

// Nothing of the former kind stays but name, system text and length.
TEST(TaskRegistry, AnotherKindBeginsAnew) {
  TaskRegistry registry = TaskRegistry::built_in();
  ASSERT_TRUE(registry.add_toml(toml_of(kQuestions)));
  const auto changed = registry.add_toml(
      toml_of("[[task]]\nname='topic'\nkind='yes_no'\nquestion='Is it a bug?'\n"
              "[[task]]\nname='anger'\nkind='generate'\n"
              "[[task]]\nname='urgent'\nkind='classify'\nlabels=['now','later']\n"
              "[[task]]\nname='sentiment'\nkind='choice'\noptions=['good','bad']\n"
              "[[task]]\nname='chat'\nkind='score'\nlevels=['bad','good']\n"));
  ASSERT_TRUE(changed) << changed.error().message;
  const TaskDefinition& topic = *registry.find("topic");
  EXPECT_EQ(topic.system, "You sort mail.");
  EXPECT_EQ(topic.max_prompt_tokens, 2000);
  EXPECT_TRUE(topic.question->options.empty());
  EXPECT_EQ(topic.question->permutations, 1);
  EXPECT_THAT(topic.labels, ElementsAre("yes", "no"));
  const TaskDefinition& anger = *registry.find("anger");
  EXPECT_EQ(anger.kind, TaskKind::kGenerate);
  EXPECT_FALSE(anger.question);
  EXPECT_TRUE(anger.labels.empty());
  EXPECT_FLOAT_EQ(anger.temperature, 0.7F);
  const TaskDefinition& urgent = *registry.find("urgent");
  EXPECT_EQ(urgent.kind, TaskKind::kClassify);
  EXPECT_FALSE(urgent.question);
  EXPECT_EQ(urgent.user, "{input}");
  EXPECT_EQ(urgent.max_new_tokens, 5);
  EXPECT_THAT(registry.find("sentiment")->labels, ElementsAre("good", "bad"));
  EXPECT_FALSE(registry.find("chat")->history);
}

TEST(TaskRegistry, KeysThatHaveNoEffectOnAKindAreRefused) {
  const auto with = [](std::string_view kind, std::string_view key, std::string_view value) {
    return toml_error("[[task]]\nname = 'a'\nkind = '" + std::string(kind) + "'\n" +
                      std::string(key) + " = " + std::string(value) + "\n");
  };
  const auto refused = [](std::string_view kind, std::string_view key) {
    return "tasks.toml line 4: task 'a' has '" + std::string(key) +
           "', which has no effect with kind = \"" + std::string(kind) + "\"";
  };
  for (const char* kind : {"choice", "score", "yes_no"}) {
    for (const char* key : {"user", "labels", "decode", "history", "max_new_tokens", "temperature",
                            "top_p", "top_k", "min_p", "repetition_penalty"})
      EXPECT_EQ(with(kind, key, "1"), refused(kind, key));
  }
  for (const char* kind : {"classify", "generate"}) {
    for (const char* key : {"question", "options", "levels", "yes", "no", "permutations"})
      EXPECT_EQ(with(kind, key, "1"), refused(kind, key));
  }
  const std::pair<const char*, const char*> others[] = {
      {"choice", "levels"},       {"choice", "yes"},     {"choice", "no"},
      {"score", "permutations"},  {"score", "options"},  {"score", "yes"},
      {"yes_no", "permutations"}, {"yes_no", "options"}, {"yes_no", "levels"}};
  for (const auto& [kind, key] : others) EXPECT_EQ(with(kind, key, "1"), refused(kind, key));
}

TEST(TaskRegistry, WrongQuestionsAreRefusedWithTaskLineAndReason) {
  const auto task = [](std::string_view kind, std::string_view keys) {
    return toml_error("[[task]]\nname = 'a'\nkind = '" + std::string(kind) + "'\n" +
                      std::string(keys) + "\n");
  };
  EXPECT_EQ(task("choice", ""), "tasks.toml line 1: task 'a' needs 2 to 255 'options'");
  EXPECT_EQ(task("choice", "options = []"), "tasks.toml line 4: task 'a' needs 2 to 255 'options'");
  std::string many;
  for (int i = 0; i < 256; ++i) many += "'" + std::to_string(i) + "',";
  EXPECT_EQ(task("choice", "options = [" + many + "]"),
            "tasks.toml line 4: task 'a' needs 2 to 255 'options', not 256");
  EXPECT_EQ(task("choice", "question = ''\noptions = ['x', 'x']"),
            "tasks.toml line 5: task 'a' has the option 'x' twice");
  EXPECT_EQ(task("choice", "options = ['x']"),
            "tasks.toml line 4: task 'a' has a single option: there is nothing to choose");
  EXPECT_THAT(task("choice", "options = ['x', ' ']"), HasSubstr("name is blank"));
  EXPECT_THAT(task("choice", "options = 'x'"), HasSubstr("line 4: task 'a' needs an array"));
  EXPECT_THAT(task("choice", "options = [\n'x',\n3]"), HasSubstr("line 6: task 'a' has an option"));
  EXPECT_THAT(task("choice", "options = [{description = 'x'}]"), HasSubstr("a table with a name"));
  EXPECT_THAT(task("choice", "options = [{name = 3}]"),
              HasSubstr("task 'a' options needs a string for 'name'"));
  EXPECT_THAT(task("choice", "options = [{name = 'x', meaning = 'y'}]"),
              HasSubstr("unknown key 'meaning'; known are name, description"));
  for (const char* count : {"0", "17", "-1", "1.5"}) {
    EXPECT_THAT(task("choice", std::string("options = ['x', 'y']\npermutations = ") + count),
                HasSubstr("line 5: task 'a' needs a whole number from 1 to 16 for 'permutations'"));
  }
  EXPECT_EQ(task("score", "levels = ['x']"),
            "tasks.toml line 4: task 'a' needs 2 to 10 levels, not 1");
  EXPECT_THAT(task("score", "levels = ['x', '']"), HasSubstr("level without a description"));
  EXPECT_THAT(task("score", "levels = ['x', 1]"), HasSubstr("a level that is not a string"));
  EXPECT_THAT(task("score", "levels = 3"), HasSubstr("'levels', the lowest first"));
  EXPECT_EQ(task("score", ""), "tasks.toml line 1: task 'a' needs 2 to 10 'levels'");
  for (const auto& [keys, line] : {std::pair("", "1"), std::pair("question = ' '\nno = ''", "4")}) {
    EXPECT_EQ(task("yes_no", keys), std::string("tasks.toml line ") + line +
                                        ": task 'a' asks nothing: it needs a 'question', a 'yes' "
                                        "or a 'no'");
  }
  EXPECT_THAT(task("yes_no", "question = 3"), HasSubstr("needs a string for 'question'"));
  EXPECT_THAT(task("yes_no", "qestion = 'x'"), HasSubstr("unknown key 'qestion'; known are name"));
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
