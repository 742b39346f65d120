#include "cli/records_argument.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/temp_path_for_test.h"

namespace qaio {
namespace {

constexpr int64_t kNow = 1'769'860'805'123;  // 2026-01-31T12:00:05.123 UTC

TEST(RecordsArgument, SelectsVersionsAndSpans) {
  EXPECT_EQ(parse_records_argument("a@b/records.jsonl", kNow)->path, "a@b/records.jsonl");
  const RecordsArgument version = *parse_records_argument("r.jsonl@0.2.0", kNow);
  EXPECT_EQ(version.path, "r.jsonl");
  EXPECT_EQ(version.selection.version, "0.2.0");
  const RecordsArgument model = *parse_records_argument("r.jsonl@model=qwen2.5-q4_0", kNow);
  EXPECT_EQ(model.selection.model, "qwen2.5-q4_0");
  EXPECT_TRUE(model.selection.version.empty());
  const RecordsArgument span = *parse_records_argument("r.jsonl@2026-01-31..6h", kNow);
  EXPECT_TRUE(span.selection.version.empty());
  EXPECT_EQ(span.selection.since_unix_ms, 1'769'817'600'000);
  EXPECT_EQ(span.selection.until_unix_ms, kNow - 21'600'000);
  const RecordsArgument open = *parse_records_argument("r.jsonl@2d..", kNow);
  EXPECT_TRUE(open.selection.since_unix_ms);
  EXPECT_FALSE(open.selection.until_unix_ms);
  EXPECT_FALSE(parse_records_argument("r.jsonl@then..now", kNow));
  EXPECT_FALSE(parse_records_argument("@0.2.0", kNow));
}

TEST(RecordsArgument, AFileOfTheWholeNameWins) {
  const std::string path = temp_path("before@0.2.0");
  std::ofstream(path) << "\n";
  EXPECT_EQ(parse_records_argument(path, kNow)->path, path);
  EXPECT_TRUE(parse_records_argument(path, kNow)->selection.version.empty());
  EXPECT_EQ(parse_records_argument(path + "@0.3.0", kNow)->path, path);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace qaio
