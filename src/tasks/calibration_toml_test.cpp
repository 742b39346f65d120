#include "tasks/calibration_toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/toml_for_test.h"

namespace qaio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

const TaskRegistry& tasks() {
  static const TaskRegistry registry = [] {
    TaskRegistry all = TaskRegistry::built_in();
    EXPECT_TRUE(
        all.add_toml(toml_of("[[task]]\nname = \"topic\"\nkind = \"classify\"\n"
                             "labels = [\"a\", \"b\"]\n"
                             "[[task]]\nname = \"said\"\nkind = \"classify\"\n"
                             "labels = [\"a\", \"b\"]\ndecode = \"generate\"\n")));
    return all;
  }();
  return registry;
}

TEST(CalibrationToml, TemperaturesOfTasksAndKinds) {
  const auto read = read_calibration(toml_of(R"(
[[calibration]]
task = "sentiment"
temperature = 1.43
[[calibration]]
kind = "yes_no"
temperature = 3
[[calibration]]
task = "topic"
temperature = 0.5
)"),
                                     tasks());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_THAT(read->tasks, ElementsAre(Pair("sentiment", 1.43), Pair("topic", 0.5)));
  EXPECT_EQ(read->kinds.temperature(QuestionKind::kYesNo, 2), 3);
  EXPECT_EQ(read->kinds.temperature(QuestionKind::kChoice, 255), 1);
  EXPECT_THAT(read->kinds.buckets[static_cast<size_t>(QuestionKind::kChoice)], IsEmpty())
      << "for the model's own temperatures to count";
}

TEST(CalibrationToml, WithoutTablesThereIsNothing) {
  const auto read = read_calibration(TomlFile(), tasks());
  ASSERT_TRUE(read);
  EXPECT_THAT(read->tasks, IsEmpty());
}

TEST(CalibrationToml, FaultsNameTheirLine) {
  const std::string table = "[[calibration]]\n";
  const std::pair<std::string, const char*> cases[] = {
      {"calibration = 1.4\n", "qaio.toml line 1: 'calibration' must be written as [[calibration]]"},
      {table + "temperature = 2\n", "line 1: a calibration needs a 'task' or a 'kind'"},
      {table + "task = \"topic\"\nkind = \"choice\"\ntemperature = 2\n",
       "line 3: a calibration has 'kind', which does not go with a 'task'"},
      {table + "task = \"topics\"\ntemperature = 2\n",
       "line 2: a calibration is for the unknown task 'topics'; there are sentiment, topic"},
      {table + "task = \"chat\"\ntemperature = 2\n", "the task 'chat', which gives no probabil"},
      {table + "task = \"said\"\ntemperature = 2\n", "the task 'said', which gives no probabil"},
      {table + "task = 7\ntemperature = 2\n", "line 2: a calibration needs 1 to 64 letters"},
      {table + "kind = \"noul\"\ntemperature = 2\n", "\"choice\", \"score\", \"yes_no\""},
      {table + "kind = \"score\"\n", "line 1: a calibration needs a 'temperature'"},
      {table + "kind = \"score\"\ntemperature = 0\n", "line 3: a calibration needs a number above"},
      {table + "kind = \"score\"\ntemperature = -1.5\n", "needs a number above 0 and up to 1000"},
      {table + "kind = \"score\"\ntemperature = nan\n", "needs a number above 0 and up to 1000"},
      {table + "kind = \"score\"\ntemperature = inf\n", "needs a number above 0 and up to 1000"},
      {table + "kind = \"score\"\ntemperature = \"2\"\n", "needs a number above 0"},
      {table + "kind = \"score\"\ntemperature = 2\nbins = 3\n",
       "line 4: a calibration has the unk"},
      {table + "kind = \"score\"\ntemperature = 2\n" + table + "kind = \"score\"\ntemperature = 3",
       "line 4: there is a second one with the name 'score'; the first is on line 1"},
      {table + "task = \"topic\"\ntemperature = 2\n\n" + table +
           "task = \"topic\"\ntemperature = 2",
       "line 5: there is a second one with the name 'topic'; the first is on line 1"},
  };
  for (const auto& [text, message] : cases) {
    const auto read = read_calibration(toml_of(text), tasks());
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(read.error().message, HasSubstr(message)) << text;
  }
}

const CalibrationEntry kTopic{.task = "topic", .kind = {}, .temperature = 1.43};
const CalibrationEntry kChoice{.task = {}, .kind = QuestionKind::kChoice, .temperature = 0.5};

std::string written(const std::string& toml, std::vector<CalibrationEntry> entries) {
  const auto text = with_calibration(toml, "qaio.toml", entries);
  return text ? *text : text.error().message;
}

TEST(CalibrationToml, ANewFileHoldsWhatTheServerReads) {
  const std::string text = written("", {kTopic, kChoice});
  EXPECT_EQ(text,
            "[[calibration]]\ntask = \"topic\"\ntemperature = 1.4300\n\n"
            "[[calibration]]\nkind = \"choice\"\ntemperature = 0.5000\n");
  const auto read = read_calibration(toml_of(text), tasks());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->tasks.at("topic"), 1.43);
  EXPECT_EQ(read->kinds.temperature(QuestionKind::kChoice, 7), 0.5);
}

TEST(CalibrationToml, EverythingElseOfAFileStays) {
  const std::string before = "threads = 2  # two\n[[task]]\nname = \"topic\"";
  EXPECT_EQ(written(before, {kTopic}),
            before + "\n\n[[calibration]]\ntask = \"topic\"\ntemperature = 1.4300\n");
}

TEST(CalibrationToml, TheNumberOfATableIsReplaced) {
  const std::string before =
      "# 温度\r\n[[calibration]]\r\ntemperature =  2.75e0 # 旧\r\ntask = \"topic\"\r\n"
      "[[calibration]]\nkind = \"choice\"\ntemperature = 3";
  EXPECT_EQ(written(before, {kTopic, kChoice}),
            "# 温度\r\n[[calibration]]\r\ntemperature =  1.4300 # 旧\r\ntask = \"topic\"\r\n"
            "[[calibration]]\nkind = \"choice\"\ntemperature = 0.5000");
  const std::string within_a_line =
      "calibration = [{x = \"情感\", task = \"topic\", temperature = 2}]";
  EXPECT_EQ(written(within_a_line, {kTopic}),
            "calibration = [{x = \"情感\", task = \"topic\", temperature = 1.4300}]");
}

TEST(CalibrationToml, AFileThatCannotTakeItStaysAsItIs) {
  EXPECT_THAT(written("threads = = 2\n", {kTopic}), HasSubstr("qaio.toml line 1"));
  EXPECT_THAT(written("calibration = 3\n", {kTopic}), HasSubstr("qaio.toml line 1: 'calibration'"));
  EXPECT_THAT(
      written("calibration = [{kind = \"score\", temperature = 2}]\n", {kTopic}),
      HasSubstr("qaio.toml: a temperature for task = \"topic\" cannot be written into it; write "
                "its 'calibration' as [[calibration]] tables first"));
  EXPECT_THAT(written("[[calibration]]\ntask = \"topic\"\n", {kTopic}),
              HasSubstr("line 1: a calibration has no temperature"));
  const std::string twice = "[[calibration]]\ntask = \"topic\"\ntemperature = 2\n";
  EXPECT_THAT(written(twice + twice, {kTopic}), HasSubstr("line 4: there is a second one"));
}

}  // namespace
}  // namespace qaio
