// docs/tracing.md and the code name the same stages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "trace/trace.h"

namespace qaio {
namespace {

// The names in backquotes that open the rows of the table under the heading.
std::vector<std::string> table_names(const std::string& heading) {
  std::ifstream file(std::string(QAIO_SOURCE_DIR) + "/docs/tracing.md");
  EXPECT_TRUE(file.is_open());
  std::vector<std::string> names;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) inside = line == heading;
    if (!inside || !line.starts_with("| `")) continue;
    const size_t end = line.find('`', 3);
    if (end != std::string::npos) names.push_back(line.substr(3, end - 3));
  }
  return names;
}

TEST(TracingDocsTest, EveryStageHasItsRowAndNoOtherHas) {
  std::vector<std::string> stages;
  for (size_t i = 0; i < kStageCount; ++i) {
    stages.emplace_back(stage_name(static_cast<Stage>(i)));
  }
  EXPECT_THAT(table_names("## Stages"), testing::ElementsAreArray(stages));
}

}  // namespace
}  // namespace qaio
