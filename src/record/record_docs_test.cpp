// docs/tracing.md names every field of a record and no other.
#include <gmock/gmock.h>

#include "trace/docs_for_test.h"

namespace qaio {
namespace {

void expect_documented(const std::string& name, const std::string& known_field) {
  const std::vector<std::string> fields = struct_fields("src/record/record.h", name);
  EXPECT_THAT(fields, testing::Contains(known_field));
  EXPECT_THAT(documented_names("docs/tracing.md", "### " + name),
              testing::ElementsAreArray(fields));
}

TEST(RecordDocs, EveryFieldHasItsRowAndNoOtherHas) {
  expect_documented("RequestRecord", "resident_bytes");
  expect_documented("TaskRecord", "score");
  expect_documented("RunInfo", "started_unix_ms");
}

TEST(RecordDocs, EveryDerivedTimeHasItsRow) {
  // Documented in milliseconds, hence without the unit; three have a longer name in the document.
  std::vector<std::string> fields = struct_fields("src/record/request_times.h", "TaskTimes");
  for (std::string& field : fields) {
    field.resize(field.size() - 3);
    if (field == "prompt_build" || field == "queue" || field == "model_inference" ||
        field == "output_parse") {
      field += "_time";
    }
  }
  EXPECT_THAT(documented_names("docs/tracing.md", "## Derived metrics"),
              testing::ElementsAreArray(fields));
}

}  // namespace
}  // namespace qaio
