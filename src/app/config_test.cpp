#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "slo/slo_config.h"
#include "tasks/calibration_toml.h"
#include "tasks/task.h"

namespace qaio {
namespace {

using testing::HasSubstr;

class ConfigTest : public testing::Test {
 public:
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

 protected:
  ConfigTest() : serve_(*app_.add_subcommand("serve")) {
    serve_.add_option("--threads", threads_);
    std::string pattern = testing::TempDir() + "qaio-config-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }

  Result<TomlFile> apply(const std::string& toml) {
    std::ofstream(folder_ + "/qaio.toml") << toml;
    return apply_config(serve_, folder_ + "/qaio.toml");
  }

  CLI::App app_;
  CLI::App& serve_;
  int threads_ = 0;
  std::string folder_;
};

// Tables of both kinds in any order, with values over several lines.
constexpr const char* kMixed = R"(threads = 3
[[sla]]
name = "a"
objective = 0.9
burn = [
  { long = "1h", short = "5m", rate = 3 },  # a comment
]

[[task]]
name = "one"
kind = "generate"

[[sla_action]]
kind = "alertmanager"
url = "http://localhost:9093"
[sla_action.labels]
team = """
edge"""

[[task]]
name = "two"
kind = "generate"

[[calibration]]
task = "sentiment"
temperature = 1.5

[[sla]]
name = "b"
[[sla.burn]]
long = "2h"
)";

TEST_F(ConfigTest, EachReaderGetsItsTables) {
  const auto config = apply(kMixed);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(threads_, 3);
  TaskRegistry tasks = TaskRegistry::built_in();
  const auto added = tasks.add_toml(*config);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_NE(tasks.find("one"), nullptr);
  EXPECT_NE(tasks.find("two"), nullptr);
  const auto calibration = read_calibration(*config, tasks);
  ASSERT_TRUE(calibration) << calibration.error().message;
  EXPECT_EQ(calibration->tasks.at("sentiment"), 1.5);
  const auto slo = read_slo_config(*config);
  ASSERT_FALSE(slo) << "the last rule is wrong";
  EXPECT_THAT(slo.error().message, HasSubstr("qaio.toml line 30: rule 'b' has 'burn'"));
}

TEST_F(ConfigTest, LinesOfTasksAreTheFiles) {
  const auto config = apply(std::string(kMixed) + "[[task]]\nname = \"three\"\nkind = \"x\"\n");
  ASSERT_TRUE(config) << config.error().message;
  TaskRegistry tasks = TaskRegistry::built_in();
  const auto added = tasks.add_toml(*config);
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("qaio.toml line 34:"));
}

TEST_F(ConfigTest, OtherKeysAreRefused) {
  const auto config = apply("threads = 3\n[slo]\nname = \"a\"\n");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("line 2: 'slo' is not an option"));
}

TEST_F(ConfigTest, WithoutAFileThereIsNothing) {
  const auto config = apply_config(serve_, "");
  ASSERT_TRUE(config);
  TaskRegistry tasks = TaskRegistry::built_in();
  ASSERT_TRUE(tasks.add_toml(*config));
  EXPECT_EQ(tasks.all().size(), 2u);
  EXPECT_EQ(read_slo_config(*config).value().rules.size(), 1u) << "the default one";
}

}  // namespace
}  // namespace qaio
