#include "config/toml_reader.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/temp_path_for_test.h"
#include "config/toml_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(TomlFile, IsReadOnceAndOutlivesItsText) {
  const std::string path = temp_path("toml_reader_test.toml");
  std::ofstream(path) << "threads = 2\n\n[[task]]\nname = 'a'\n[[task]]\nname = 'b'\n";
  Result<TomlFile> opened = TomlFile::open(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(opened) << opened.error().message;
  const TomlFile file = *opened;
  opened = TomlFile();
  EXPECT_EQ(file.name(), path);
  const auto tables = toml_tables(file, "task");
  ASSERT_TRUE(tables);
  ASSERT_EQ(tables->size(), 2u);
  std::string name;
  TomlReader reader(*tables->at(1), file.name(), "a task");
  ASSERT_TRUE(reader.text("name", name));
  EXPECT_EQ(name, "b");
  EXPECT_EQ(reader.fault("name", "is odd").value().message, path + " line 6: a task is odd");
  EXPECT_EQ(reader.fault("kind", "is missing").value().message,
            path + " line 5: a task is missing");
}

TEST(TomlFile, NamesTheLineThatIsNoToml) {
  const auto file = TomlFile::parse("a = 1\nb = \n", "qaio.toml");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(file.error().message, StartsWith("qaio.toml line 2: "));
  EXPECT_EQ(TomlFile::open("/nonexistent/qaio.toml").error().code, ErrorCode::kNotFound);
}

TEST(TomlTables, AreTablesOfThatNameAndNotTooMany) {
  EXPECT_TRUE(toml_tables(TomlFile(), "task").value().empty());
  for (const char* text : {"task = 1", "[task]\nname = 'a'", "task = [1]", "task = []"}) {
    EXPECT_EQ(toml_tables(toml_of(text), "task").error().message,
              "qaio.toml line 1: 'task' must be written as [[task]] tables");
  }
  EXPECT_EQ(toml_tables(toml_of("[[a]]\n[[a]]\n[[a]]\n"), "a", 2).error().message,
            "qaio.toml line 3: more than 2 [[a]] tables");
}

TEST(TomlReader, RangesSayWhichEndsBelongToThem) {
  const TomlFile file = toml_of("low = 0\nhigh = 1\nnot = nan\ntext = '1'\n");
  TomlReader reader(file.root().table, file.name(), "it");
  double x = -1;
  EXPECT_TRUE(reader.number("low", 0, 1, RangeEnds::kBoth, x));
  EXPECT_EQ(x, 0);
  EXPECT_TRUE(reader.number("high", 0, 1, RangeEnds::kUpper, x));
  EXPECT_EQ(x, 1);
  EXPECT_TRUE(reader.number("missing", 5, 6, RangeEnds::kBoth, x));
  EXPECT_EQ(x, 1) << "left as it is";
  const auto refusal = [&](std::string_view key, RangeEnds ends) {
    const auto result = reader.number(key, 0, 1, ends, x);
    return result ? "accepted" : result.error().message;
  };
  EXPECT_EQ(refusal("low", RangeEnds::kUpper),
            "qaio.toml line 1: it needs a number above 0 and up to 1 for 'low'");
  EXPECT_EQ(refusal("high", RangeEnds::kNone),
            "qaio.toml line 2: it needs a number above 0 and below 1 for 'high'");
  EXPECT_EQ(refusal("not", RangeEnds::kBoth),
            "qaio.toml line 3: it needs a number from 0 to 1 for 'not'");
  EXPECT_THAT(refusal("text", RangeEnds::kBoth), HasSubstr("line 4: it needs a number"));
}

TEST(TomlReader, WhatWasNotAskedForIsUnknown) {
  const TomlFile file = toml_of("a = true\nb = ''\nc = 1\n");
  TomlReader reader(file.root().table, file.name(), "it");
  bool flag = false;
  std::string text = "old";
  EXPECT_TRUE(reader.flag("a", flag));
  EXPECT_TRUE(flag);
  EXPECT_TRUE(reader.any_text("b", text));
  EXPECT_EQ(text, "");
  EXPECT_FALSE(reader.text("b", text)) << "at least a byte";
  EXPECT_THAT(reader.flag("b", flag).error().message, HasSubstr("needs true or false for 'b'"));
  EXPECT_THAT(reader.done().error().message,
              StartsWith("qaio.toml line 3: it has the unknown key"));
}

TEST(TomlReader, ASecondOneNamesBothLines) {
  const TomlFile file = toml_of("[[a]]\nname = 'x'\n\n[[a]]\nname = 'x'\n");
  const auto tables = toml_tables(file, "a").value();
  EXPECT_EQ(second_of_name(file, "x", *tables[0], *tables[1]).value().message,
            "qaio.toml line 4: there is a second one with the name 'x'; the first is on line 1");
}

}  // namespace
}  // namespace qaio
