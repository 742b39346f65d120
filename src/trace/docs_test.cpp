// docs/tracing.md and the code name the same stages and counters.
#include <gmock/gmock.h>

#include "trace/docs_for_test.h"
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

TEST(TracingDocsTest, EveryDerivedTimeHasItsRow) {
  // Documented in milliseconds, hence without the unit; three have a longer name in the document.
  std::vector<std::string> fields = struct_fields("src/trace/derive.h", "DerivedTimes");
  for (std::string& field : fields) {
    field.resize(field.size() - 3);
    if (field == "prompt_build" || field == "queue" || field == "model_inference" ||
        field == "output_parse") {
      field += "_time";
    }
  }
  EXPECT_THAT(documented_names(kDocument, "## Derived metrics"), testing::ElementsAreArray(fields));
}

}  // namespace
}  // namespace qaio
