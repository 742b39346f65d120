#include "observe/archive_schema.h"

#include <gmock/gmock.h>

#include "observe/archive_fixture_for_test.h"
#include "observe/record_columns.h"

namespace qaio {
namespace {

class ArchiveSchemaTest : public ArchiveTest {
 protected:
  Database open(Database::Mode mode = Database::Mode::kReadWrite) {
    Result<Database> database = Database::open(path(), mode);
    EXPECT_TRUE(database);
    return *std::move(database);
  }
  // Names of a table's stored columns, in order.
  static std::vector<std::string> stored_columns(Database& database, const std::string& table) {
    std::vector<std::string> names;
    Result<Statement> rows = database.prepare("PRAGMA table_info(" + table + ")");
    while (rows->step().value()) names.emplace_back(rows->text(1));
    return names;
  }
};

TEST_F(ArchiveSchemaTest, TablesHaveTheColumnsOfRecordsInTheirOrder) {
  Database database = open();
  ASSERT_TRUE(migrate(database, archive_migrations()));
  std::vector<std::string> requests = {"id", "run"};
  for (const RequestColumn& column : request_columns()) requests.emplace_back(column.name);
  requests.emplace_back("lane");
  EXPECT_EQ(stored_columns(database, "requests"), requests);
  std::vector<std::string> tasks = {"id"};
  for (const TaskColumn& column : task_columns()) tasks.emplace_back(column.name);
  tasks.emplace_back("lane");
  EXPECT_EQ(stored_columns(database, "tasks"), tasks);
}

TEST_F(ArchiveSchemaTest, AnOlderArchiveGetsEveryLaterStepAndKeepsItsRows) {
  const std::string_view steps[] = {
      "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('old')",
      "ALTER TABLE notes ADD COLUMN size INTEGER; UPDATE notes SET size = length(text)",
      "UPDATE notes SET text = upper(text)",
  };
  Database database = open();
  ASSERT_TRUE(migrate(database, std::span(steps).first(1)));
  EXPECT_EQ(database.integer("PRAGMA user_version"), 1);
  ASSERT_TRUE(migrate(database, steps));
  EXPECT_EQ(database.integer("PRAGMA user_version"), 3);
  EXPECT_EQ(database.integer("SELECT count(*) FROM notes WHERE text = 'OLD' AND size = 3"), 1);
  ASSERT_TRUE(migrate(database, steps)) << "nothing left to do";

  const Result<void> back = migrate(database, std::span(steps).first(2));
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(back.error().message, testing::HasSubstr("newer"));
}

TEST_F(ArchiveSchemaTest, AStepThatFailsLeavesTheVersionBefore) {
  const std::string_view steps[] = {
      "CREATE TABLE notes (text TEXT)",
      "INSERT INTO notes VALUES ('half'); INSERT INTO nowhere VALUES (1)",
  };
  Database database = open();
  EXPECT_FALSE(migrate(database, steps));
  EXPECT_EQ(database.integer("PRAGMA user_version"), 1);
  EXPECT_EQ(database.integer("SELECT count(*) FROM notes"), 0);
}

TEST_F(ArchiveSchemaTest, ForeignFilesAreLeftAlone) {
  {
    Database database = open();
    ASSERT_TRUE(database.execute("CREATE TABLE theirs (text TEXT)"));
    const Result<void> done = migrate(database, archive_migrations());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(database.integer("SELECT count(*) FROM sqlite_schema"), 1);
  }
  Database reader = open(Database::Mode::kReadOnly);
  EXPECT_EQ(check_version(reader).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace qaio
