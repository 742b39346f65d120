// A disk that takes no more pauses the archives with one warning; they go on when there is room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "archive/archive_fixture_for_test.h"
#include "archive/archive_reader.h"
#include "archive/csv_archive.h"
#include "archive/sqlite_archive.h"

namespace qaio {
namespace {

using std::chrono::milliseconds;

// A disk of 4 MiB: a file system in memory where the test may mount one; elsewhere a limit on the
// size of files, which the kernel enforces on the same writes.
class FullDiskTest : public ArchiveTest {
 protected:
  void SetUp() override {
    ArchiveTest::SetUp();
    mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=4m") == 0;
    std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit_), 0);
  }
  void TearDown() override {
    make_room();
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
    ArchiveTest::TearDown();
  }
  void fill() {
    if (mounted_) {
      std::ofstream filler(folder_ / "filler", std::ios::binary);
      const std::string block(4096, 'x');
      while (filler.write(block.data(), std::ssize(block)).flush()) {
      }
    } else {
      rlimit none = limit_;
      none.rlim_cur = 0;
      setrlimit(RLIMIT_FSIZE, &none);
    }
  }
  void make_room() {
    std::filesystem::remove(folder_ / "filler");
    setrlimit(RLIMIT_FSIZE, &limit_);
  }
  // Both archives behave alike.
  template <typename Archive>
  void fill_and_make_room(Archive& archive) {
    archive.consume(records(0, 100));
    clock_.advance(milliseconds(1000));
    archive.consume(records(100, 100));
    EXPECT_TRUE(said_.empty());
    fill();
    for (uint64_t n = 200; n < 20'000; n += 100) {
      archive.consume(records(n, 100));
      clock_.advance(milliseconds(1000));
    }
    ASSERT_EQ(said_.size(), 1u) << "one warning";
    EXPECT_EQ(said_[0].first, ArchiveEvent::kPaused);
    EXPECT_THAT(said_[0].second, testing::HasSubstr(folder_.string()));
    EXPECT_GT(archive.lost(), 15'000u);
    make_room();
    clock_.advance(milliseconds(5000));
    archive.consume(records(20'000, 100));
    clock_.advance(milliseconds(5000));
    archive.consume(records(20'100, 100));
    ASSERT_EQ(said_.size(), 2u) << "and one when it goes on";
    EXPECT_EQ(said_[1].first, ArchiveEvent::kResumed);
    EXPECT_THAT(said_[1].second, testing::HasSubstr(std::to_string(archive.lost())));
  }

  bool mounted_ = false;
  rlimit limit_{};
};

TEST_F(FullDiskTest, SqlitePausesAndGoesOn) {
  SqliteArchiveOptions options;
  options.path = path();
  options.batch_max = 200;
  auto archive = SqliteArchive::open(options, run_info(), listener(), clock_);
  ASSERT_TRUE(archive);
  fill_and_make_room(**archive);
  const uint64_t lost = (*archive)->lost();
  archive->reset();
  Database database = *Database::open(path(), Database::Mode::kReadOnly);
  EXPECT_EQ(database.integer("SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
  EXPECT_EQ(database.integer("SELECT count(*) FROM requests"), 20'200 - static_cast<int64_t>(lost));
}

TEST_F(FullDiskTest, CsvPausesAndGoesOn) {
  CsvArchiveOptions options;
  options.folder = (folder_ / "csv").string();
  auto archive = CsvArchive::open(options, run_info(), listener(), clock_);
  ASSERT_TRUE(archive);
  fill_and_make_room(**archive);
  const uint64_t lost = (*archive)->lost();
  EXPECT_EQ((*archive)->written() + lost, 20'200u);
  archive->reset();
  size_t lines = 0;
  for (const auto& entry : std::filesystem::directory_iterator(options.folder)) {
    EXPECT_EQ(entry.path().extension(), ".csv");
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("arrived,")) ++lines;
    }
  }
  EXPECT_EQ(lines, 20'200u - lost);
}

TEST_F(FullDiskTest, AnArchiveCanBeginOnAFullDisk) {
  fill();
  SqliteArchiveOptions options;
  options.path = path();
  options.batch_max = 200;
  auto archive = SqliteArchive::open(options, run_info(), listener(), clock_);
  ASSERT_TRUE(archive) << archive.error().message;
  EXPECT_EQ(said_.size(), 1u);
  (*archive)->consume(records(0, 50));
  make_room();
  clock_.advance(milliseconds(5000));
  (*archive)->consume(records(50, 1));
  archive->reset();
  EXPECT_EQ(said_.size(), 2u);
  EXPECT_EQ(ArchiveReader::open(path())->read({}).value().size(), 51u);
}

}  // namespace
}  // namespace qaio
