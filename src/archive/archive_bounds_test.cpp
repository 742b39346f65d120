// Retention of the SQLite archive: what a wrong clock, or a wrong option, may cost.
#include "archive/archive_bounds.h"

#include <gmock/gmock.h>

#include "archive/archive_fixture_for_test.h"
#include "archive/archive_reader.h"
#include "archive/sqlite_archive.h"

namespace qaio {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kDay = 24h;

class ArchiveBoundsTest : public ArchiveTest {
 protected:
  std::unique_ptr<SqliteArchive> open(ArchiveRetention retention = {}) {
    SqliteArchiveOptions options;
    options.path = path();
    options.retention = retention;
    auto archive = SqliteArchive::open(options, run_info(), listener(), clock_);
    EXPECT_TRUE(archive) << archive.error().message;
    return *std::move(archive);
  }
  // So many records that arrive now, by the wall clock.
  void serve(SqliteArchive& archive, uint64_t count) {
    std::vector<RecordPtr> made;
    for (uint64_t i = 0; i < count; ++i) {
      RequestRecord record = synthetic_record(next_++);
      record.arrived_unix_ms = clock_.wall_unix_ms();
      made.push_back(std::make_shared<const RequestRecord>(std::move(record)));
    }
    archive.consume(made);
    archive.write_now();
  }
  // A server without requests.
  void pass(SqliteArchive& archive, milliseconds time) {
    constexpr milliseconds kStep = 10min;
    for (; time > milliseconds(0); time -= kStep) {
      clock_.advance(std::min(time, kStep));
      for (int i = 0; i < 5; ++i) archive.consume({});
    }
  }
  int64_t kept() {
    return Database::open(path(), Database::Mode::kReadOnly)
        ->integer("SELECT count(*) FROM requests")
        .value();
  }
  std::vector<std::string> said(ArchiveEvent event) const {
    std::vector<std::string> texts;
    for (const auto& [what, text] : said_) {
      if (what == event) texts.push_back(text);
    }
    return texts;
  }
  uint64_t next_ = 0;
};

TEST_F(ArchiveBoundsTest, AClockThatIsWrongForAWhileRemovesNothing) {
  const auto archive = open();
  serve(*archive, 300);
  for (const milliseconds wrong_by : {40 * kDay, 4000 * kDay}) {
    for (const milliseconds lasts : {milliseconds(12s), milliseconds(10min), milliseconds(20h)}) {
      clock_.set_wall_by(wrong_by);
      pass(*archive, lasts);
      serve(*archive, 1);
      pass(*archive, 10min);
      clock_.set_wall_by(-wrong_by);
      pass(*archive, 2 * kDay);
    }
  }
  EXPECT_EQ(kept(), 306);
  EXPECT_TRUE(said(ArchiveEvent::kRemoved).empty());
  EXPECT_FALSE(said(ArchiveEvent::kDoubtful).empty()) << "somebody may wonder";
}

TEST_F(ArchiveBoundsTest, AStartWithAWrongClockRemovesNothing) {
  serve(*open(), 300);
  clock_.set_wall_by(40 * kDay);
  {
    const auto archive = open();
    pass(*archive, 12s);
    pass(*archive, 10h);
  }
  EXPECT_EQ(kept(), 300);
  clock_.set_wall_by(-40 * kDay);
  clock_.set_wall_by(-milliseconds(clock_.wall_unix_ms()));  // 1970
  pass(*open(), 10h);
  EXPECT_EQ(kept(), 300);
}

TEST_F(ArchiveBoundsTest, AClockThatIsWrongAtEveryStartRemovesNothing) {
  serve(*open(), 300);
  for (int start = 1; start <= 20; ++start) {
    for (const milliseconds wrong_by : {40 * kDay, start * 50 * kDay}) {
      clock_.set_wall_by(wrong_by);
      const auto archive = open();
      serve(*archive, 5);
      pass(*archive, 10min);
      clock_.set_wall_by(-wrong_by);
      if (start % 2 == 0) serve(*archive, 5);  // else what it wrote last is wrong
      pass(*archive, 10min);
    }
  }
  EXPECT_EQ(kept(), 300 + 20 * 10 + 10 * 10);
}

TEST_F(ArchiveBoundsTest, WhatWasServedBeforeTheClockWasSetIsAsYoungAsItIs) {
  const milliseconds year_1970 = milliseconds(clock_.wall_unix_ms() - 30'000);
  const milliseconds year_2025 = 500 * kDay;  // a clock without a battery, behind its firmware
  for (const milliseconds behind : {year_1970, year_2025}) {
    std::filesystem::remove(path());
    clock_.set_wall_by(-behind);
    const auto archive = open();
    serve(*archive, 50);
    pass(*archive, 30s);
    clock_.set_wall_by(behind);  // NTP
    serve(*archive, 50);
    pass(*archive, 5 * kDay);
    EXPECT_EQ(kept(), 100);
    for (int day = 0; day < 29; ++day) {
      serve(*archive, 50);
      pass(*archive, kDay);
    }
    EXPECT_LE(kept(), 30 * 50) << "in the end they go";
  }
}

TEST_F(ArchiveBoundsTest, StampsOfTheFutureDoNotKeepWhatCameAfterThem) {
  const auto archive = open();
  clock_.set_wall_by(3000 * kDay);
  serve(*archive, 1500);
  clock_.set_wall_by(-3000 * kDay);
  for (int day = 0; day < 40; ++day) {
    serve(*archive, 10);
    pass(*archive, kDay);
  }
  EXPECT_LE(kept(), 32 * 10);
  EXPECT_GE(kept(), 30 * 10);
}

TEST_F(ArchiveBoundsTest, AClockThatIsSetBackRemovesNothingYoung) {
  const auto archive = open();
  serve(*archive, 100);
  clock_.set_wall_by(-100 * kDay);
  serve(*archive, 100);
  pass(*archive, 1h);
  clock_.set_wall_by(100 * kDay);
  serve(*archive, 100);
  pass(*archive, 20 * kDay);
  EXPECT_EQ(kept(), 300);
}

TEST_F(ArchiveBoundsTest, AMachineThatWasOffForLongGetsRidOfOldRecordsSlowly) {
  serve(*open(), 1000);
  clock_.advance(40 * kDay);
  const auto archive = open();
  pass(*archive, 23h);
  EXPECT_EQ(kept(), 1000) << "is it true?";
  pass(*archive, 2h);
  EXPECT_LT(kept(), 1000);
  EXPECT_GE(kept(), 700) << "a tenth an hour";
  pass(*archive, 4 * kDay);
  EXPECT_EQ(kept(), 0);
  const auto removed = said(ArchiveEvent::kRemoved);
  ASSERT_FALSE(removed.empty());
  EXPECT_EQ(removed[0], "removed 100 records older than 30 days from the archive");
  EXPECT_LE(removed.size(), 5u * 24) << "once an hour at most";
}

TEST_F(ArchiveBoundsTest, RecordsGoAsTheyGetOld) {
  const auto archive = open();
  for (int day = 0; day < 60; ++day) {
    serve(*archive, 100);
    pass(*archive, kDay);
  }
  EXPECT_GE(kept(), 30 * 100);
  EXPECT_LE(kept(), 31 * 100);
}

TEST_F(ArchiveBoundsTest, ASmallerSizeIsReachedInShares) {
  serve(*open(), 10'000);
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(path()));
  const auto archive = open({.bytes_max = bytes / 4});
  pass(*archive, 10min);
  EXPECT_GE(kept(), 9000) << "a mistake is seen before it has cost everything";
  EXPECT_LE(kept(), 9100);
  pass(*archive, 24h);
  EXPECT_LT(kept(), 3000);
  EXPECT_GT(kept(), 1500);
  EXPECT_THAT(said(ArchiveEvent::kRemoved).at(0), testing::HasSubstr("the oldest 1000 records"));
}

}  // namespace
}  // namespace qaio
