#include "archive/sqlite_archive.h"

#include <gmock/gmock.h>

#include <fstream>

#include "archive/archive_fixture_for_test.h"
#include "archive/archive_reader.h"
#include "record/record_for_test.h"
#include "record/same_record_for_test.h"

namespace qaio {
namespace {

using std::chrono::milliseconds;

class SqliteArchiveTest : public ArchiveTest {
 protected:
  std::unique_ptr<SqliteArchive> open(SqliteArchiveOptions options = {}) {
    options.path = path();
    auto archive = SqliteArchive::open(options, run_info(), listener(), clock_);
    EXPECT_TRUE(archive) << archive.error().message;
    return *std::move(archive);
  }
  std::vector<ArchivedRecord> read(const ArchiveFilter& filter = {}) {
    Result<ArchiveReader> reader = ArchiveReader::open(path());
    EXPECT_TRUE(reader) << reader.error().message;
    return reader->read(filter).value();
  }
  int64_t integer(const std::string& sql) {
    return Database::open(path(), Database::Mode::kReadOnly)->integer(sql).value();
  }
};

TEST_F(SqliteArchiveTest, EveryFieldComesBack) {
  std::vector<RecordPtr> given = records(0, 300);
  RequestRecord full = synthetic_record(300);
  full.input_text = "\"quoted\",\n\u4f60\u597d";
  full.history_dropped = 3;
  full.major_faults = 2;
  full.tasks.resize(1);
  full.tasks[0].output_text = "a reply";
  full.tasks[0].prompt_version = "v-1";
  full.tasks[0].counters.questions = 5;
  full.tasks[0].counters.question_tokens = 6;
  full.tasks[0].counters.options = 7;
  full.tasks[0].error_code = "cancelled";
  const TimeNs end_ns = full.lane.end_ns();
  while (full.lane.size() < StageLane::kIntervalsMax) full.lane.add(Stage::kParse, end_ns, end_ns);
  full.lane.set_dropped(7);  // of a full lane only
  full.client_times = client_times_of(full, 1'000'000, 0);
  given.push_back(std::make_shared<RequestRecord>(full));
  given.push_back(std::make_shared<RequestRecord>());  // nothing known of it
  { open()->consume(given); }
  const std::vector<ArchivedRecord> back = read();
  ASSERT_EQ(back.size(), given.size());
  for (size_t i = 0; i < given.size(); ++i) expect_same(*back[i].record, *given[i]);
  EXPECT_EQ(back[0].run->info.version, "1.2.3");
  EXPECT_EQ(back[0].run->info.threads, 2);
  EXPECT_TRUE(said_.empty());
}

TEST_F(SqliteArchiveTest, WritesWhenABatchIsFullOrTheIntervalHasPassed) {
  const auto archive = open({.batch_max = 10, .flush_interval = milliseconds(1000)});
  archive->consume(records(0, 9));
  clock_.advance(milliseconds(999));
  archive->consume({});
  EXPECT_EQ(archive->written(), 0u);
  clock_.advance(milliseconds(1));
  archive->consume({});
  EXPECT_EQ(archive->written(), 9u);
  EXPECT_EQ(read().size(), 9u) << "readable while the writer is open";
  archive->consume(records(9, 25));
  EXPECT_EQ(archive->written(), 29u);
  EXPECT_EQ(archive->lost(), 0u);
}

TEST_F(SqliteArchiveTest, WhatIsLearntLaterIsOfTheWholeRun) {
  RunInfo later = run_info();
  later.model = "qwen";
  {
    const auto archive = open();
    archive->consume(records(0, 3));
    clock_.advance(milliseconds(1000));
    archive->consume({});
    archive->set_run(later);
  }
  for (const ArchivedRecord& record : read()) EXPECT_EQ(record.run->info.model, "qwen");
  { open(); }
  EXPECT_EQ(integer("SELECT count(*) FROM runs"), 1) << "a run without a record leaves nothing";
  { open()->consume(records(3, 1)); }
  EXPECT_EQ(integer("SELECT count(*) FROM runs"), 2);
  EXPECT_EQ(integer("SELECT last_request FROM runs WHERE id = 1"), 3);
  EXPECT_EQ(integer("SELECT first_request FROM runs WHERE id = 2"), 4);
}

TEST_F(SqliteArchiveTest, TwoServersMayShareAnArchive) {
  const auto one = open({.batch_max = 5});
  const auto other = open({.batch_max = 5});
  for (uint64_t n = 0; n < 100; n += 10) {
    one->consume(records(n, 5));
    other->consume(records(n + 5, 5));
  }
  EXPECT_EQ(read().size(), 100u);
  EXPECT_TRUE(said_.empty());
}

TEST_F(SqliteArchiveTest, BytesThatAreNoTextBecomeText) {
  RequestRecord record = synthetic_record(1);
  record.path = "/\xff\xfe/x";
  { open()->consume(std::vector<RecordPtr>{std::make_shared<RequestRecord>(record)}); }
  EXPECT_EQ(read().at(0).record->path, "/\uFFFD\uFFFD/x");
}

TEST_F(SqliteArchiveTest, OldRecordsGoInShortSteps) {
  const auto archive = open({.batch_max = 20'000});
  archive->consume(records(0, 20'000));  // 10 ms apart: 200 s
  clock_.advance(std::chrono::hours(24 * 30) + milliseconds(25'000));
  archive->consume({});
  EXPECT_EQ(integer("SELECT count(*) FROM requests"), 19'000);
  archive->consume({});
  EXPECT_EQ(integer("SELECT count(*) FROM requests"), 18'000);
  for (int i = 0; i < 5; ++i) archive->consume({});
  EXPECT_EQ(integer("SELECT count(*) FROM requests"), 18'000) << "a tenth in an hour";
  clock_.advance(std::chrono::hours(1));
  for (int i = 0; i < 5; ++i) archive->consume({});
  EXPECT_EQ(integer("SELECT count(*) FROM requests"), 16'200);
  EXPECT_EQ(integer("SELECT min(request) FROM tasks"), integer("SELECT min(id) FROM requests"));
}

TEST_F(SqliteArchiveTest, TheFileStaysWithinItsSizeAndShrinksToASmallerOne) {
  const int64_t bytes_max = 3 << 20;
  {
    const auto archive = open({.batch_max = 1000, .retention = {.bytes_max = bytes_max}});
    for (uint64_t n = 0; n < 40'000; n += 1000) {
      archive->consume(records(n, 1000));
      clock_.advance(milliseconds(10'000));
      for (int i = 0; i < 3; ++i) archive->consume({});
    }
  }
  const auto bytes = [&] { return static_cast<int64_t>(std::filesystem::file_size(path())); };
  EXPECT_LT(bytes(), bytes_max + (1 << 20));
  const int64_t kept = integer("SELECT count(*) FROM requests");
  EXPECT_GT(kept, 2000);
  EXPECT_EQ(integer("SELECT max(id) - min(id) + 1 FROM requests"), kept) << "the newest";
  EXPECT_EQ(integer("SELECT max(id) FROM requests"), 40'000);
  {
    const auto archive = open({.retention = {.bytes_max = bytes_max / 3}});
    clock_.advance(milliseconds(10'000));
    for (int i = 0; i < 50; ++i) {
      archive->consume({});
      clock_.advance(std::chrono::minutes(30));
    }
  }
  EXPECT_LE(bytes(), bytes_max / 3);
  EXPECT_GT(integer("SELECT count(*) FROM requests"), 500);
  for (const auto& [event, text] : said_) EXPECT_EQ(event, ArchiveEvent::kRemoved) << text;
}

TEST_F(SqliteArchiveTest, AFileThatWasRemovedIsFollowedByANewOne) {
  const auto archive = open();
  archive->consume(records(0, 7));
  archive->write_now();
  for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(path() + part);
  archive->write_now();
  EXPECT_EQ(read().size(), 0u) << "there is a file again, though nothing was to be written";
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_EQ(said_[0].first, ArchiveEvent::kBegunAnew);
  EXPECT_THAT(said_[0].second, testing::HasSubstr("removed or replaced while it was written; "
                                                  "7 records of this run went with it"));
  EXPECT_EQ(archive->lost(), 7u);
  archive->consume(records(7, 5));
  archive->write_now();
  EXPECT_EQ(read().size(), 5u);
  EXPECT_EQ(read()[0].run->info.version, "1.2.3");
  EXPECT_EQ(said_.size(), 1u);
}

TEST_F(SqliteArchiveTest, AFileThatWasReplacedIsWrittenAsARunOfItsOwn) {
  const std::string other = (folder_ / "other.db").string();
  { open()->consume(records(100, 4)); }
  std::filesystem::rename(path(), other);
  {
    const auto archive = open();
    archive->consume(records(0, 7));
    archive->write_now();
    std::filesystem::rename(other, path());
    clock_.advance(milliseconds(1000));
    archive->consume(records(7, 5));
  }
  EXPECT_EQ(read().size(), 9u);
  EXPECT_EQ(integer("SELECT count(*) FROM runs"), 2);
  EXPECT_EQ(said_.size(), 1u);
}

TEST_F(SqliteArchiveTest, AFileThatWasMovedIsWhole) {
  const std::string moved = (folder_ / "moved.db").string();
  {
    const auto archive = open();
    archive->consume(records(0, 7));
    archive->write_now();
    std::filesystem::rename(path(), moved);
    archive->consume(records(7, 5));
    EXPECT_EQ(archive->lost(), 0u);
  }
  EXPECT_EQ(read().size(), 5u);
  EXPECT_EQ(ArchiveReader::open(moved)->read({})->size(), 7u);
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_THAT(said_[0].second, testing::HasSubstr("moved away"));
}

// Beyond its first page, which is all that opening it looks at.
void damage(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);
  file << std::string(std::filesystem::file_size(path) - 4096, 'x');
}

TEST_F(SqliteArchiveTest, ADamagedArchiveIsSetAsideAndANewOneBegins) {
  const std::string aside = path() + ".damaged-20260921T141320000Z";
  { open()->consume(records(0, 50)); }
  damage(path());
  {
    const auto archive = open();
    archive->consume(records(50, 5));
    archive->write_now();
    EXPECT_EQ(archive->lost(), 0u);
  }
  EXPECT_EQ(read().size(), 5u);
  EXPECT_TRUE(std::filesystem::exists(aside));
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_EQ(said_[0].first, ArchiveEvent::kBegunAnew);
  EXPECT_THAT(said_[0].second, testing::HasSubstr("it is now " + aside));
}

TEST_F(SqliteArchiveTest, OneThatAReaderFindsDamagedIsLookedAtAnew) {
  { open()->consume(records(0, 50)); }
  {
    const auto archive = open();
    archive->consume(records(50, 1));
    archive->write_now();
    damage(path());
    Result<ArchiveReader> reader = ArchiveReader::open(path());
    ASSERT_TRUE(reader) << "its header is whole";
    const auto unreadable = reader->read({});
    ASSERT_FALSE(unreadable);
    EXPECT_EQ(unreadable.error().code, ErrorCode::kCorrupt);
    archive->report_unreadable(unreadable.error());
    archive->write_now();
    archive->consume(records(51, 5));
  }
  EXPECT_EQ(read().size(), 5u);
  ASSERT_EQ(said_.size(), 2u);
  EXPECT_EQ(said_[0].first, ArchiveEvent::kUnreadable);
  EXPECT_EQ(said_[1].first, ArchiveEvent::kBegunAnew);
}

TEST_F(SqliteArchiveTest, ATruncatedArchiveIsSetAsideAtTheStart) {
  { open()->consume(records(0, 50)); }
  std::filesystem::resize_file(path(), 6000);
  { open()->consume(records(50, 5)); }
  EXPECT_EQ(read().size(), 5u);
  EXPECT_EQ(said_.size(), 1u);
}

TEST_F(SqliteArchiveTest, WhatCouldNotBeReadIsSaidOnce) {
  const auto archive = open();
  for (int i = 0; i < 3; ++i) archive->report_unreadable({ErrorCode::kIo, "one thing", ""});
  archive->report_damaged(2);
  ASSERT_EQ(said_.size(), 2u);
  EXPECT_EQ(said_[0].first, ArchiveEvent::kUnreadable);
  EXPECT_THAT(said_[0].second, testing::HasSubstr("one thing"));
}

TEST_F(SqliteArchiveTest, RefusesWhatIsNoArchive) {
  const auto error = [&](const std::string& file) {
    SqliteArchiveOptions options;
    options.path = file;
    const auto archive = SqliteArchive::open(options, run_info(), listener(), clock_);
    return archive ? std::string() : archive.error().message;
  };
  std::ofstream(path()) << std::string(5000, 'x');
  EXPECT_THAT(error(path()), testing::HasSubstr("file is not a database"));
  EXPECT_THAT(error((folder_ / "no/such/folder/a.db").string()),
              testing::HasSubstr("unable to open database file"));
  EXPECT_THAT(error(folder_.string()), testing::HasSubstr(folder_.string()));
}

class SqliteArchiveAmendTest : public SqliteArchiveTest {
 protected:
  // The record with what its client said, by which it is told from others.
  static RecordPtr amended(uint64_t n) {
    auto record = std::make_shared<RequestRecord>(synthetic_record(n));
    record->client_times =
        client_times_of(*record, 2'000'000 + static_cast<int64_t>(n) * 1000, 3'000'000);
    if (n % 2 == 0) record->client_times->first_token_ns = record->client_times->first_byte_ns;
    return record;
  }
  void write(SqliteArchive& archive) {
    clock_.advance(milliseconds(1000));
    archive.consume({});
  }
};

TEST_F(SqliteArchiveAmendTest, ClientTimesComeIntoTheirRows) {
  const auto archive = open();
  archive->consume(records(0, 5));
  archive->amend(amended(4));  // still pending
  write(*archive);
  EXPECT_EQ(integer("SELECT count(client_done_us) FROM requests"), 1);
  archive->amend(amended(1));
  archive->amend(amended(2));
  archive->amend(amended(700));  // never seen, or removed by now
  write(*archive);
  const std::vector<ArchivedRecord> back = read();
  ASSERT_EQ(back.size(), 5u);
  expect_same(*back[0].record, *records(0, 1)[0]);
  expect_same(*back[1].record, *amended(1));
  expect_same(*back[2].record, *amended(2));
  expect_same(*back[4].record, *amended(4));
  EXPECT_EQ(integer("SELECT client_network_us + total_us + client_rendering_us - client_done_us"
                    " FROM requests WHERE id = 2"),
            0);
  EXPECT_EQ(archive->written(), 5u);
  EXPECT_EQ(archive->lost() + archive->amendments_lost(), 0u);
  EXPECT_EQ(integer("SELECT count(*) FROM runs"), 1);
}

TEST_F(SqliteArchiveAmendTest, OneOfAFileThatIsOnlyAmendedMakesNoRun) {
  { open()->consume(records(0, 1)); }
  {
    const auto later = open();
    later->amend(amended(0));
    later->write_now();
    EXPECT_EQ(integer("SELECT count(client_done_us) FROM requests"), 1);
  }
  EXPECT_EQ(integer("SELECT count(*) FROM runs"), 1);
}

TEST_F(SqliteArchiveAmendTest, WhatComesWhileTheArchiveIsPausedWaitsForIt) {
  const auto archive = open({.batch_max = 3, .retry_interval = milliseconds(5000)});
  archive->consume(records(0, 2));
  archive->write_now();
  {
    Database other = *Database::open(path(), Database::Mode::kReadWrite);
    const Result<Transaction> lock = Transaction::begin_write(other);
    ASSERT_TRUE(lock);
    archive->consume(records(2, 3));  // goes to the spool
    archive->amend(amended(0));
    archive->amend(amended(3));
    archive->amend(amended(4));
    archive->amend(amended(1));  // no place
    EXPECT_EQ(archive->amendments_lost(), 1u);
  }
  clock_.advance(milliseconds(5000));
  archive->consume({});
  const std::vector<ArchivedRecord> back = read();
  ASSERT_EQ(back.size(), 5u);
  for (const size_t n : {0, 3, 4}) expect_same(*back[n].record, *amended(n));
  EXPECT_FALSE(back[1].record->client_times);
  EXPECT_EQ(archive->lost(), 0u);
  ASSERT_EQ(said_.size(), 2u) << "paused, resumed";
}

TEST_F(SqliteArchiveAmendTest, WhatIsAmendedHurriesNoRecordIntoTheSpool) {
  const auto archive = open({.batch_max = 3, .retry_interval = milliseconds(60'000)});
  archive->consume(records(0, 1));
  archive->write_now();
  {
    Database other = *Database::open(path(), Database::Mode::kReadWrite);
    const Result<Transaction> lock = Transaction::begin_write(other);
    ASSERT_TRUE(lock);
    archive->consume(records(1, 3));  // begins the pause
    archive->amend(amended(0));
    clock_.advance(milliseconds(5000));
    archive->consume(records(4, 1));
    archive->amend(amended(4));  // finds it where it waits
    archive->amend(amended(1));
    archive->amend(amended(2));  // the last place
    EXPECT_EQ(archive->amendments_lost(), 0u);
  }
  clock_.advance(milliseconds(60'000));
  archive->consume({});
  for (const size_t n : {0, 1, 2, 4}) expect_same(*read()[n].record, *amended(n));
}

TEST_F(SqliteArchiveAmendTest, WhatStillWaitsAtTheEndIsCounted) {
  const auto archive = open({.batch_max = 3});
  archive->consume(records(0, 1));
  archive->write_now();
  Database other = *Database::open(path(), Database::Mode::kReadWrite);
  const Result<Transaction> lock = Transaction::begin_write(other);
  ASSERT_TRUE(lock);
  archive->amend(amended(0));
  EXPECT_TRUE(archive->close()) << "no record is lost";
  EXPECT_EQ(archive->amendments_lost(), 1u);
}

}  // namespace
}  // namespace qaio
