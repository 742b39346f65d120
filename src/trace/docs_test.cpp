// docs/tracing.md and the code name the same stages and counters.
#include <gmock/gmock.h>

#include <algorithm>

#include "trace/docs_for_test.h"
#include "trace/task_counters.h"
#include "trace/trace.h"

namespace qaio {
namespace {

constexpr const char* kDocument = "docs/tracing.md";

TEST(TracingDocsTest, EveryStageHasItsRowAndNoOtherHas) {
  std::vector<std::string> stages;
  for (size_t i = 0; i < kStageCount; ++i) {
    stages.emplace_back(stage_name(static_cast<Stage>(i)));
  }
  EXPECT_THAT(documented_names(kDocument, "## Stages"), testing::ElementsAreArray(stages));
}

TEST(TracingDocsTest, EveryCounterHasItsRowAndNoOtherHas) {
  const std::vector<std::string> fields = struct_fields("src/trace/trace.h", "TaskCounters");
  EXPECT_THAT(fields, testing::IsSupersetOf({"prompt_tokens", "gap_counts", "detokenize_ns"}));
  EXPECT_THAT(documented_names(kDocument, "## Counters"), testing::ElementsAreArray(fields));
}

// In the words of the table.
TEST(TracingDocsTest, CountersMeanWhatTheDocumentSays) {
  const std::vector<std::string> fields = struct_fields("src/trace/trace.h", "TaskCounters");
  const std::string document = source_text(kDocument);
  std::vector<std::string> names;
  for (const TaskCounter& counter : kTaskCounters) {
    constexpr const char* kUnits[] = {"count", "ns", "moment"};
    names.emplace_back(counter.name);
    EXPECT_THAT(document, testing::HasSubstr("| `" + names.back() + "` | " +
                                             kUnits[static_cast<size_t>(counter.unit)] + " | " +
                                             std::string(counter.meaning) + " |\n"));
    EXPECT_EQ(counter.name.ends_with("_ns"), counter.unit != CounterUnit::kCount) << counter.name;
  }
  names.insert(std::ranges::find(names, "gap_max_ns") + 1, "gap_counts");
  EXPECT_THAT(names, testing::ElementsAreArray(fields)) << "a counter is not in the table";
}

}  // namespace
}  // namespace qaio
