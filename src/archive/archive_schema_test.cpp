#include "archive/archive_schema.h"

#include <gmock/gmock.h>

#include "archive/archive_fixture_for_test.h"
#include "archive/archive_reader.h"
#include "archive/archive_writer.h"
#include "record/record_columns.h"
#include "record/same_record_for_test.h"

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

// New ones come last, behind the lane of the first version.
TEST_F(ArchiveSchemaTest, TablesHaveTheColumnsOfRecords) {
  Database database = open();
  ASSERT_TRUE(migrate(database, archive_migrations()));
  std::vector<std::string> requests = {"id", "run", "lane"};
  for (const RequestColumn& column : request_columns()) requests.emplace_back(column.name);
  EXPECT_THAT(stored_columns(database, "requests"), testing::UnorderedElementsAreArray(requests));
  std::vector<std::string> tasks = {"id", "lane"};
  for (const TaskColumn& column : task_columns()) tasks.emplace_back(column.name);
  EXPECT_THAT(stored_columns(database, "tasks"), testing::UnorderedElementsAreArray(tasks));
}

// As the first version wrote it: one request of one task.
constexpr auto kFirstVersionRows = R"sql(
INSERT INTO runs VALUES (1, '0.1', 'demo', 'hash', 'avx2', 2, 1790000000000, 1, 1);
INSERT INTO requests VALUES (1, 1, 1790000000000, 200, 9, 1, 1, 5, 1, 1, 0, 4, 1, 0, 0, 3, 2, NULL,
  20, 0, 2, 5, 0, 1000, 1, 2, 3, 4096, 5000, NULL, 'POST', '/chat', 'an-id', NULL, x'00A84600');
INSERT INTO tasks VALUES (1024, 'chat', 5, 0, 1, 0, 2, 2, 0, 0, 0, 20, 0, 2, 1, 1, 1, 2, 0, 1000,
  2000, 3000, 4000, 1000, 1000, 900, 50, 50, 'stop', NULL, NULL, NULL, NULL, x'E807882700');
)sql";

TEST_F(ArchiveSchemaTest, TheFirstVersionIsBroughtUpToDate) {
  {
    Database database = open();
    ASSERT_TRUE(migrate(database, archive_migrations().first(1)));
    const Result<void> filled = database.execute(kFirstVersionRows);
    ASSERT_TRUE(filled) << filled.error().message;
  }
  const Result<ArchiveReader> older = ArchiveReader::open(path());
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(older.error().message, testing::HasSubstr("qaio serve --archive"));
  {
    Result<ArchiveWriter> writer = ArchiveWriter::open(path());
    ASSERT_TRUE(writer) << writer.error().message;
    ASSERT_TRUE(writer->write(records(0, 1), run_info(), 0));
  }
  ArchiveReader reader = ArchiveReader::open(path()).value();
  const auto all = reader.read({});
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 2u);
  const RequestRecord& old = *all->at(0).record;
  EXPECT_EQ(old.request_id, "an-id");
  EXPECT_EQ(old.lane.wall_ns(), 9000);
  EXPECT_FALSE(old.routed) << "not known of the first version";
  ASSERT_EQ(old.tasks.size(), 1u);
  EXPECT_EQ(old.tasks[0].counters.batch_sum, 2u);
  EXPECT_EQ(old.tasks[0].counters.gap_max_ns, 1000);
  EXPECT_EQ(old.tasks[0].counters.forward_ns, 900);
  EXPECT_EQ(old.tasks[0].counters.gap_counts, GapCounts{});
  expect_same(*all->at(1).record, *records(0, 1)[0]);
  EXPECT_EQ(reader.read({.request_id = "an-id"}).value().size(), 1u);
}

// What such a request spent on tokens was in its total alone.
TEST_F(ArchiveSchemaTest, TheStagesOfVersion3AddUpAfterwards) {
  {
    Database database = open();
    ASSERT_TRUE(migrate(database, archive_migrations().first(3)));
    ASSERT_TRUE(database.execute(
        "INSERT INTO requests (id, run, arrived_unix_ms, status, total_us, http_read_us, parse_us,"
        " tasks_us, serialize_us, http_write_us, unattributed_us, model_inference_us,"
        " prompt_build_us, output_parse_us, queue_us, prompt_tokens, cached_tokens,"
        " completion_tokens, input_chars, history_dropped, cpu_ns, minor_faults, major_faults,"
        " context_switches, resident_bytes, begin_ns, path, lane)"
        " SELECT column1, 1, 0, 200, column2, 1, 2, column3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,"
        " 0, 0, 0, 0, 0, column4, x'000000'"
        " FROM (VALUES (1, 118, 100, '/chat'), (2, 218, 0, '/tokenize'))"));
  }
  ASSERT_TRUE(ArchiveWriter::open(path()));
  Database database = open();
  EXPECT_EQ(database.integer("SELECT tokenize_us FROM requests WHERE id = 1"), 0);
  EXPECT_EQ(database.integer("SELECT tokenize_us FROM requests WHERE id = 2"), 200);
}

TEST_F(ArchiveSchemaTest, TheRangesOfVersion2AreNumberedAnew) {
  {
    Database database = open();
    ASSERT_TRUE(migrate(database, archive_migrations().first(2)));
    const Result<void> filled = database.execute(
        "INSERT INTO tasks (id, gap_counts, gap_max_ns, lane, total_us, prompt_build_us,"
        " tokenize_us, queue_us, prefill_us, decode_us, score_us, output_parse_us,"
        " unattributed_us, prompt_tokens, cached_tokens, completion_tokens, prefill_steps,"
        " decode_steps, batch_max, batch_sum, queued_ahead, gap_min_ns, forward_ns, sample_ns,"
        " detokenize_ns) SELECT column1, column2, column3, x'000000', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,"
        " 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM (VALUES (1024, '3:1 18:22', 300000000),"
        " (2048, '2:3 19:1 20:2 21:3 22:4 23:5', 6000000000), (3072, NULL, 0))");
    ASSERT_TRUE(filled) << filled.error().message;
  }
  ASSERT_TRUE(ArchiveWriter::open(path()));
  Database database = open();
  const auto text = [&](int64_t id) {
    Statement row =
        database.prepare("SELECT gap_counts FROM tasks WHERE id = " + std::to_string(id)).value();
    EXPECT_TRUE(row.step().value());
    return std::string(row.text(0));
  };
  EXPECT_EQ(text(1024), "3:1 18:22");
  EXPECT_EQ(text(2048), "2:3 20:1 22:2 23:3 24:4 30:5");
  EXPECT_EQ(text(3072), "");
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

// New columns stand behind all others: whoever reads CSV by places finds the old ones.
TEST_F(ArchiveSchemaTest, LaterColumnsOfTasksAreTheLast) {
  const auto columns = task_columns();
  const std::vector<std::string> later = {"gap_counts", "questions", "question_tokens", "options",
                                          "prompt_version"};
  std::vector<std::string> last;
  for (const TaskColumn& column : columns.last(later.size())) last.emplace_back(column.name);
  EXPECT_EQ(last, later);
}

// Of those nobody knows how many questions a classification had.
TEST_F(ArchiveSchemaTest, RowsOfVersion5HaveNoQuestions) {
  {
    Database database = open();
    ASSERT_TRUE(migrate(database, archive_migrations().first(1)));
    ASSERT_TRUE(database.execute(kFirstVersionRows));
    ASSERT_TRUE(migrate(database, archive_migrations().first(5)));
    EXPECT_EQ(database.integer("PRAGMA user_version"), 5);
  }
  Result<ArchiveWriter> writer = ArchiveWriter::open(path());
  ASSERT_TRUE(writer) << writer.error().message;
  auto asked = std::make_shared<RequestRecord>(*records(0, 1)[0]);
  asked->tasks.resize(1);
  asked->tasks[0].prompt_version = "v-1";
  asked->tasks[0].counters.questions = 16;
  asked->tasks[0].counters.question_tokens = 320;
  asked->tasks[0].counters.options = 64;
  ASSERT_TRUE(writer->write(std::vector<RecordPtr>{asked}, run_info(), 0));
  const auto all = ArchiveReader::open(path())->read({});
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(all->at(0).record->tasks[0].counters.questions, 0u);
  EXPECT_EQ(all->at(0).record->tasks[0].prompt_version, "");
  expect_same(*all->at(1).record, *asked);
  Database database = open();
  EXPECT_EQ(database.integer("SELECT count(*) FROM tasks WHERE questions IS NULL AND options IS"
                             " NULL AND question_tokens IS NULL AND prompt_version IS NULL"),
            1);
}

// What was written before keys were known came with none.
TEST_F(ArchiveSchemaTest, RowsOfVersion6HaveNoKey) {
  {
    Database database = open();
    ASSERT_TRUE(migrate(database, archive_migrations().first(1)));
    ASSERT_TRUE(database.execute(kFirstVersionRows));
    ASSERT_TRUE(migrate(database, archive_migrations().first(6)));
    EXPECT_EQ(database.integer("PRAGMA user_version"), 6);
  }
  Result<ArchiveWriter> writer = ArchiveWriter::open(path());
  ASSERT_TRUE(writer) << writer.error().message;
  auto keyed = std::make_shared<RequestRecord>(*records(0, 1)[0]);
  keyed->key = "app";
  ASSERT_TRUE(writer->write(std::vector<RecordPtr>{keyed}, run_info(), 0));
  ArchiveReader reader = ArchiveReader::open(path()).value();
  const auto all = reader.read({});
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(all->at(0).record->key, "");
  expect_same(*all->at(1).record, *keyed);
  const auto found = reader.read({.key = "app"});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().record->request_id, keyed->request_id);
  Database database = open();
  EXPECT_EQ(database.integer("PRAGMA user_version"), 7);
  EXPECT_EQ(database.integer("SELECT count(*) FROM requests WHERE api_key IS NULL"), 1);
}

// Nobody has said anything of those requests, and what comes now does.
TEST_F(ArchiveSchemaTest, RowsOfVersion4HaveNoClientTimes) {
  {
    Database database = open();
    ASSERT_TRUE(migrate(database, archive_migrations().first(1)));
    ASSERT_TRUE(database.execute(kFirstVersionRows));
    ASSERT_TRUE(migrate(database, archive_migrations().first(4)));
    EXPECT_EQ(database.integer("PRAGMA user_version"), 4);
  }
  Result<ArchiveWriter> writer = ArchiveWriter::open(path());
  ASSERT_TRUE(writer) << writer.error().message;
  const auto old = [&] {
    const auto all = ArchiveReader::open(path())->read({.request_id = "an-id"});
    EXPECT_TRUE(all && all->size() == 1);
    return all->front().record;
  };
  EXPECT_FALSE(old()->client_times);
  auto amended = std::make_shared<RequestRecord>(*old());
  amended->client_times = ClientTimes{1000, 2000, 9000, 10'000};
  ASSERT_TRUE(writer->write({}, run_info(), 0, std::vector<RecordPtr>{amended}));
  expect_same(*old(), *amended);
}

}  // namespace
}  // namespace qaio
