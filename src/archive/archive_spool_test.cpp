// What an archive cannot write is kept in a spool and comes into it exactly once.
#include "archive/archive_spool.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "archive/archive_fixture_for_test.h"
#include "archive/archive_reader.h"
#include "archive/sqlite_archive.h"
#include "record/same_record_for_test.h"

namespace qaio {
namespace {

using namespace std::chrono_literals;

class ArchiveSpoolTest : public ArchiveTest {
 protected:
  Result<std::unique_ptr<SqliteArchive>> try_to_open(SqliteArchiveOptions options = {},
                                                     const std::string& version = "1.2.3") {
    options.path = path();
    return SqliteArchive::open(options, run_info(version), listener(), clock_);
  }
  std::unique_ptr<SqliteArchive> open(SqliteArchiveOptions options = {},
                                      const std::string& version = "1.2.3") {
    auto archive = try_to_open(std::move(options), version);
    EXPECT_TRUE(archive) << archive.error().message;
    return *std::move(archive);
  }
  // Another process that writes, as far as SQLite can tell.
  class Lock {
   public:
    explicit Lock(const std::string& path)
        : database_(*Database::open(path, Database::Mode::kReadWrite)) {
      EXPECT_TRUE(database_.execute("BEGIN EXCLUSIVE"));
    }
    ~Lock() { EXPECT_TRUE(database_.execute("ROLLBACK")); }

   private:
    Database database_;
  };
  void pass(SqliteArchive& archive, std::chrono::milliseconds time) {
    clock_.advance(time);
    archive.consume({});
  }
  std::vector<ArchivedRecord> read() { return ArchiveReader::open(path())->read({}).value(); }
  // Of every record the archive holds, by n of synthetic_record(n); each once.
  void expect_records(uint64_t count) {
    const auto records = read();
    EXPECT_EQ(records.size(), count);
    std::set<std::string> ids;
    for (const ArchivedRecord& one : records) ids.insert(one.record->request_id);
    EXPECT_EQ(ids.size(), count);
  }
  std::vector<std::filesystem::path> spools() const { return archive_spools(path()); }
};

TEST_F(ArchiveSpoolTest, ALockedArchiveLosesNothingHoweverLongItLasts) {
  const auto archive = open();
  archive->consume(records(0, 200));
  archive->write_now();
  {
    const Lock lock(path());
    for (uint64_t n = 200; n < 5200; n += 100) {
      archive->consume(records(n, 100));
      clock_.advance(20ms);
    }
    pass(*archive, 250ms);
    ASSERT_EQ(spools().size(), 1u);
    struct stat file {};
    ASSERT_EQ(::stat(spools()[0].c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777, 0600u);
  }
  pass(*archive, 5s);
  archive->consume(records(5200, 10));
  archive->write_now();
  expect_records(5210);
  EXPECT_EQ(archive->written(), 5210u);
  EXPECT_EQ(archive->lost(), 0u);
  EXPECT_TRUE(spools().empty());
  const auto all = read();
  EXPECT_EQ(all[3000].record->request_id, synthetic_record(3000).request_id) << "in their order";
  EXPECT_EQ(all[3000].run->id, all[0].run->id) << "of the same run";
  EXPECT_EQ(all[5209].run->id, all[0].run->id);
  ASSERT_EQ(said_.size(), 2u);
  EXPECT_THAT(said_[1].second, testing::HasSubstr("archiving goes on; 0 records were lost"));
}

TEST_F(ArchiveSpoolTest, WhatCouldNotBeWrittenAtTheEndComesAtTheNextStart) {
  RequestRecord full = synthetic_record(0);
  full.path = "/\xff\xfe/x";
  full.tasks.resize(1);
  full.tasks[0].error_code = "cancelled";
  {
    const auto archive = open({}, "1.0.0");
    archive->write_now();
    const Lock lock(path());
    archive->consume(std::vector<RecordPtr>{std::make_shared<RequestRecord>(full)});
    archive->consume(records(1, 799));
    EXPECT_TRUE(archive->close());
    EXPECT_EQ(archive->lost(), 0u);
  }
  ASSERT_EQ(spools().size(), 1u);
  EXPECT_THAT(said_.back().second, testing::HasSubstr("800 records that could not be written"));
  EXPECT_THAT(said_.back().second, testing::HasSubstr(spools()[0].string()));
  said_.clear();
  {
    const auto archive = open({}, "2.0.0");
    archive->consume(records(800, 5));
  }
  expect_records(805);
  EXPECT_TRUE(spools().empty());
  const auto all = read();
  full.path = "/\uFFFD\uFFFD/x";
  full.trace = {};
  expect_same(*all[0].record, full);
  EXPECT_EQ(all[0].run->info.version, "1.0.0");
  EXPECT_EQ(all[804].run->info.version, "2.0.0");
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_EQ(said_[0].first, ArchiveEvent::kTakenUp);
  EXPECT_THAT(said_[0].second, testing::HasSubstr("took up 800 records"));
}

TEST_F(ArchiveSpoolTest, ACrashBetweenTakingUpAndRemovingDoublesNothing) {
  const auto copy = folder_ / "copy";
  {
    const auto archive = open();
    archive->write_now();
    const Lock lock(path());
    archive->consume(records(0, 2500));
    EXPECT_TRUE(archive->close());
  }
  const auto spool = spools().at(0);
  std::filesystem::copy_file(spool, copy);
  for (int crash = 0; crash < 3; ++crash) {
    { open()->consume({}); }
    EXPECT_TRUE(spools().empty());
    expect_records(2500);
    std::filesystem::copy_file(copy, spool);  // as if it had not come to that
  }
  // In the middle: a part of it had been written.
  ASSERT_TRUE(Database::open(path(), Database::Mode::kReadWrite)
                  ->execute("DELETE FROM tasks WHERE id >= 1700 * 1024;"
                            "DELETE FROM requests WHERE id >= 1700"));
  { open()->consume({}); }
  expect_records(2500);
  EXPECT_EQ(Database::open(path(), Database::Mode::kReadOnly)->integer("SELECT count(*) FROM runs"),
            1);
}

TEST_F(ArchiveSpoolTest, RequestsOfOneIdAreAllTaken) {
  {
    const auto archive = open();
    archive->write_now();
    const Lock lock(path());
    std::vector<RecordPtr> same;
    for (uint64_t n = 0; n < 50; ++n) {
      RequestRecord record = synthetic_record(n);
      record.request_id = "1";
      record.arrived_unix_ms = 1'790'000'000'000;
      same.push_back(std::make_shared<RequestRecord>(record));
    }
    archive->consume(same);
    EXPECT_TRUE(archive->close());
  }
  { open()->consume({}); }
  EXPECT_EQ(read().size(), 50u);
}

TEST_F(ArchiveSpoolTest, DamageCostsTheLinesItHit) {
  {
    const auto archive = open();
    archive->write_now();
    const Lock lock(path());
    archive->consume(records(0, 100));
    EXPECT_TRUE(archive->close());
  }
  const auto spool = spools().at(0);
  {
    std::fstream file(spool, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(spool) / 2));
    file << std::string(10, '\0');
  }
  std::filesystem::resize_file(spool, std::filesystem::file_size(spool) - 20);  // half a line
  said_.clear();
  const auto archive = open();
  archive->consume({});
  EXPECT_GE(read().size(), 97u);
  EXPECT_LE(read().size(), 98u);
  EXPECT_EQ(archive->lost(), 100 - read().size());
  EXPECT_EQ(archive->written(), read().size());
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_THAT(said_[0].second, testing::HasSubstr("lines of it are damaged"));
  EXPECT_TRUE(spools().empty());
  EXPECT_TRUE(std::filesystem::exists(spool.string() + ".damaged"));
}

TEST_F(ArchiveSpoolTest, AnyBytesAreNoMoreThanDamage) {
  { open(); }
  const std::string name = path() + ".spool-20260101T000000000Z.jsonl";
  for (const std::string& text : {std::string(), std::string(100'000, 'x'), std::string("\n\n\n"),
                                  std::string("{\"run\":3}\n{\"run\":{}}\n{}\n[1,\n")}) {
    std::ofstream(name, std::ios::binary) << text;
    { open()->consume({}); }
    EXPECT_FALSE(std::filesystem::exists(name));
    EXPECT_EQ(read().size(), 0u);
  }
}

TEST_F(ArchiveSpoolTest, ASpoolThatAnotherServerHoldsIsLeftAlone) {
  const auto one = open();
  one->write_now();
  {
    const Lock lock(path());
    one->consume(records(0, 10));
    pass(*one, 250ms);
    pass(*one, 250ms);
    ASSERT_EQ(spools().size(), 1u);
  }
  const auto other = open();
  other->consume(records(10, 10));
  other->write_now();
  EXPECT_EQ(spools().size(), 1u);
  EXPECT_EQ(read().size(), 10u);
  pass(*one, 5s);
  expect_records(20);
  EXPECT_TRUE(spools().empty());
}

TEST_F(ArchiveSpoolTest, IsBoundedAndTellsWhatItCouldNotTake) {
  const auto archive = open({.batch_max = 100, .spool_bytes_max = 1 << 20});
  archive->write_now();
  const Lock lock(path());
  for (uint64_t n = 0; n < 3000; n += 100) {
    archive->consume(records(n, 100));
    clock_.advance(100ms);
  }
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(spools().at(0)));
  EXPECT_LE(bytes, 1 << 20);
  EXPECT_GT(bytes, 1 << 19);
  const Result<void> closed = archive->close();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, ErrorCode::kIo);
  EXPECT_GT(archive->lost(), 1000u);
  EXPECT_THAT(closed.error().message,
              testing::HasSubstr(std::to_string(archive->lost()) + " records could not be archived "
                                                                   "and are lost"));
  EXPECT_THAT(closed.error().message, testing::HasSubstr("database is locked"));
  EXPECT_THAT(closed.error().message, testing::HasSubstr("holds as much as it may, 1 MiB"));
}

TEST_F(ArchiveSpoolTest, ASpoolThatWasRemovedIsCountedAsLost) {
  const auto archive = open();
  archive->write_now();
  {
    const Lock lock(path());
    archive->consume(records(0, 10));
    pass(*archive, 250ms);
    pass(*archive, 250ms);
    std::filesystem::remove(spools().at(0));
    archive->consume(records(10, 5));
    pass(*archive, 250ms);
  }
  pass(*archive, 5s);
  EXPECT_EQ(archive->lost(), 10u);
  EXPECT_EQ(read().size(), 5u);
  EXPECT_THAT(said_.back().second, testing::HasSubstr("10 records were lost"));
}

// Root may write everything, so another user tries; what it says comes back through a file.
class OtherUserTest : public ArchiveSpoolTest {
 protected:
  void SetUp() override {
    ArchiveSpoolTest::SetUp();
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  }
  // What try_to_open() answers there; empty: it opened.
  std::string opened_by_nobody() {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      constexpr uid_t kNobody = 65534;
      if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) _exit(1);
      const auto archive = try_to_open();
      const std::string text = archive ? "" : archive.error().message;
      _exit(::write(ends[1], text.data(), text.size()) < 0 ? 1 : 0);
    }
    ::close(ends[1]);
    std::string text(4096, '\0');
    const ssize_t size = ::read(ends[0], text.data(), text.size());
    ::close(ends[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    text.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
    return text;
  }
};

TEST_F(OtherUserTest, AnArchiveThatCannotBeWrittenIsRefused) {
  { open()->consume(records(0, 3)); }
  std::filesystem::permissions(path(), std::filesystem::perms(0644));
  EXPECT_THAT(opened_by_nobody(), testing::HasSubstr(path() + ": this user may not write it"));
  std::filesystem::permissions(path(), std::filesystem::perms(0666));
  EXPECT_THAT(opened_by_nobody(), testing::HasSubstr("the file and its folder must be writable"))
      << "no room for a log";
  std::filesystem::permissions(path(), std::filesystem::perms(0600));
  EXPECT_NE(opened_by_nobody(), "");
  std::filesystem::permissions(path(), std::filesystem::perms(0666));
  std::filesystem::permissions(folder_, std::filesystem::perms(0777));
  EXPECT_EQ(opened_by_nobody(), "");
}

TEST_F(ArchiveSpoolTest, FilesAreForTheirOwnerAlone) {
  const auto mode = [](const std::string& file) {
    struct stat status {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0) << file;
    return status.st_mode & 0777;
  };
  {
    const auto archive = open();
    archive->consume(records(0, 3));
    archive->write_now();
    for (const char* part : {"", "-wal", "-shm"}) EXPECT_EQ(mode(path() + part), 0600u) << part;
  }
  std::filesystem::permissions(path(), std::filesystem::perms(0644));
  { open(); }
  EXPECT_EQ(mode(path()), 0644u) << "as somebody made it, while there are no texts";
  const std::string damaged = path() + ".damaged-20250101T000000000Z";
  std::filesystem::copy_file(path(), damaged);
  EXPECT_EQ(mode(damaged), 0644u);
  { open({.with_texts = true}); }
  EXPECT_EQ(mode(path()), 0600u);
  EXPECT_EQ(mode(damaged), 0600u);
  std::filesystem::permissions(path(), std::filesystem::perms(0640));
  { open({.with_texts = true}); }
  EXPECT_EQ(mode(path()), 0640u) << "a group was chosen";
}

}  // namespace
}  // namespace qaio
