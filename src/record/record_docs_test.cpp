// docs/tracing.md names every field of a record and no other.
#include <gmock/gmock.h>

#include "trace/docs_for_test.h"

namespace qaio {
namespace {

void expect_documented(const std::string& name, const std::string& known_field) {
  const std::vector<std::string> fields = struct_fields("src/observe/record.h", name);
  EXPECT_THAT(fields, testing::Contains(known_field));
  EXPECT_THAT(documented_names("docs/tracing.md", "### " + name),
              testing::ElementsAreArray(fields));
}

TEST(RecordDocs, EveryFieldHasItsRowAndNoOtherHas) {
  expect_documented("RequestRecord", "resident_bytes");
  expect_documented("TaskRecord", "score");
  expect_documented("RunInfo", "started_unix_ms");
}

}  // namespace
}  // namespace qaio
