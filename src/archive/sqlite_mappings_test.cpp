// Somebody truncates what SQLite has mapped while it is in use.
#include "archive/sqlite_mappings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "archive/archive_fixture_for_test.h"
#include "archive/archive_reader.h"
#include "archive/sqlite_archive.h"

namespace qaio {
namespace {

using std::chrono::milliseconds;

class TruncatedTest : public ArchiveTest {
 protected:
  std::unique_ptr<SqliteArchive> open() {
    SqliteArchiveOptions options;
    options.path = path();
    options.batch_max = 100;
    auto archive = SqliteArchive::open(options, run_info(), listener(), clock_);
    EXPECT_TRUE(archive) << archive.error().message;
    return *std::move(archive);
  }
  void truncate(const char* part, size_t size) const {
    std::filesystem::resize_file(path() + part, size);
  }
  int64_t integer(const std::string& sql) const {
    return Database::open(path(), Database::Mode::kReadOnly)->integer(sql).value();
  }
};

TEST_F(TruncatedTest, TheShmIsMappedAnewAndEveryRecordIsThereOnce) {
  const auto archive = open();
  uint64_t next = 0;
  for (const size_t size : {0, 1, 100, 4096, 20'000, 0}) {
    archive->consume(records(next, 300));
    next += 300;
    clock_.advance(milliseconds(1000));
    archive->consume({});
    truncate("-shm", size);
    for (int i = 0; i < 10; ++i) {  // past the next tries
      archive->consume(records(next, 70));
      next += 70;
      clock_.advance(milliseconds(5001));
    }
    archive->consume({});
    EXPECT_FALSE(sqlite_mapping_lost());
    EXPECT_EQ(archive->written(), next) << "after " << size;
  }
  EXPECT_EQ(archive->lost(), 0u);
  EXPECT_EQ(integer("SELECT count(*) FROM requests"), static_cast<int64_t>(next));
  EXPECT_EQ(integer("SELECT count(DISTINCT request_id) FROM requests"), static_cast<int64_t>(next));
  EXPECT_EQ(integer("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
  EXPECT_THAT(said_,
              testing::Contains(testing::Pair(
                  ArchiveEvent::kPaused, testing::HasSubstr("was truncated while it was in use"))));
  for (const auto& [event, text] : said_) EXPECT_NE(event, ArchiveEvent::kBegunAnew) << text;
}

TEST_F(TruncatedTest, AReaderOfTheFileFailsWithASentence) {
  const auto archive = open();
  archive->consume(records(0, 500));
  archive->write_now();
  Result<ArchiveReader> reader = ArchiveReader::open(path());
  ASSERT_TRUE(reader) << reader.error().message;
  size_t seen = 0;
  const Result<void> read = reader->for_each({}, [&](const ArchivedRecord&, double) {
    if (++seen == 10) {
      truncate("-wal", 0);
      truncate("", 0);
      truncate("-shm", 0);
    }
    return true;
  });
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, testing::HasSubstr(path()));
  EXPECT_LT(seen, 500u);
}

}  // namespace
}  // namespace qaio
