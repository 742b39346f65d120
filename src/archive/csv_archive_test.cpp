#include "archive/csv_archive.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <fstream>
#include <sstream>

#include "archive/archive_fixture_for_test.h"
#include "base/utc_text.h"
#include "record/record_text.h"

namespace qaio {
namespace {

std::string gzip_contents(const std::filesystem::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  std::string text(size_t{8} << 20, '\0');
  const int size = gzread(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  EXPECT_GE(size, 0);
  text.resize(static_cast<size_t>(std::max(size, 0)));
  return text;
}

class CsvArchiveTest : public ArchiveTest {
 protected:
  std::unique_ptr<CsvArchive> open(CsvArchiveOptions options = {}) {
    options.folder = folder_.string();
    auto archive = CsvArchive::open(options, run_info(), listener(), clock_);
    EXPECT_TRUE(archive) << archive.error().message;
    return *std::move(archive);
  }
  // Names in their order.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }
  std::string contents(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name, std::ios::binary).rdbuf();
    return text.str();
  }
  static std::string lines(uint64_t first, uint64_t count) {
    std::string text;
    for (const RecordPtr& record : records(first, count)) append_csv(*record, run_info(), text);
    return text;
  }
};

TEST_F(CsvArchiveTest, AFileForEveryHundredRecordsAndOneForTheRest) {
  auto archive = open();
  archive->consume(records(0, 130));
  clock_.advance(std::chrono::milliseconds(70));
  archive->consume(records(130, 120));
  archive->settle();
  EXPECT_EQ(files(), (std::vector<std::string>{"qaio-20260921T141320000Z.csv",
                                               "qaio-20260921T141320001Z.csv",
                                               "qaio-20260921T141320070Z.csv.part"}));
  archive.reset();
  ASSERT_EQ(files().back(), "qaio-20260921T141320070Z.csv");
  EXPECT_TRUE(contents("qaio-20260921T141320000Z.csv") == csv_header() + lines(0, 100));
  EXPECT_TRUE(contents("qaio-20260921T141320001Z.csv") == csv_header() + lines(100, 100));
  EXPECT_TRUE(contents("qaio-20260921T141320070Z.csv") == csv_header() + lines(200, 50));
}

TEST_F(CsvArchiveTest, Compressed) {
  { open({.records_per_file = 30, .gzip = true})->consume(records(0, 40)); }
  ASSERT_EQ(files().size(), 2u);
  EXPECT_TRUE(gzip_contents(folder_ / "qaio-20260921T141320000Z.csv.gz") ==
              csv_header() + lines(0, 30));
  EXPECT_TRUE(gzip_contents(folder_ / "qaio-20260921T141320001Z.csv.gz") ==
              csv_header() + lines(30, 10));
}

TEST_F(CsvArchiveTest, WhatACrashLeftIsCompletedAtTheNextStart) {
  const std::string half = lines(3, 1);
  std::ofstream(folder_ / "qaio-20260920T000000000Z.csv.part")
      << csv_header() << lines(0, 3) << half.substr(0, half.size() / 2);
  std::ofstream(folder_ / "qaio-20260919T000000000Z.csv.part") << csv_header().substr(0, 20);
  std::ofstream(folder_ / "somebody-elses.csv.part") << "x";
  open();
  EXPECT_EQ(files(),
            (std::vector<std::string>{"qaio-20260920T000000000Z.csv", "somebody-elses.csv.part"}));
  EXPECT_TRUE(contents("qaio-20260920T000000000Z.csv") == csv_header() + lines(0, 3));
}

TEST_F(CsvArchiveTest, ABreakInsideQuotesIsNoEndOfALine) {
  RequestRecord record = synthetic_record(0);
  record.input_text = "one\ntwo";
  std::string line;
  append_csv(record, {}, line);
  std::ofstream(folder_ / "qaio-20260920T000000000Z.csv.part")
      << csv_header() << lines(0, 1) << line.substr(0, line.find("two") + 1);
  open();
  EXPECT_TRUE(contents("qaio-20260920T000000000Z.csv") == csv_header() + lines(0, 1));
}

TEST_F(CsvArchiveTest, AFileThatAnotherServerWritesIsLeftAlone) {
  auto one = open();
  one->consume(records(0, 5));
  auto other = open();
  other->consume(records(5, 5));
  EXPECT_EQ(files().size(), 2u);
  one->consume(records(10, 5));
  one.reset();
  other.reset();
  EXPECT_TRUE(contents("qaio-20260921T141320000Z.csv") ==
              csv_header() + lines(0, 5) + lines(10, 5));
  EXPECT_TRUE(contents("qaio-20260921T141320000Z_2.csv") == csv_header() + lines(5, 5));
}

// Files are as old as the time they were last written at, which is the tests' real one.
void set_written(const std::filesystem::path& file, int64_t unix_ms) {
  const auto time =
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(unix_ms));
  std::filesystem::last_write_time(file, std::chrono::file_clock::from_sys(time));
}

TEST_F(CsvArchiveTest, TheOldestFilesGoAShareAtATime) {
  const auto write = [&](CsvFolderBounds bounds, uint64_t first, uint64_t count) {
    open({.records_per_file = 10, .bounds = bounds})->consume(records(first, count));
    clock_.advance(std::chrono::milliseconds(1000));
  };
  write({}, 0, 200);
  ASSERT_EQ(files().size(), 20u);
  write({.files_max = 3}, 200, 10);
  ASSERT_EQ(files().size(), 17u) << "a tenth, and two for the one that came";
  EXPECT_TRUE(contents(files().back()) == csv_header() + lines(200, 10));
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(folder_ / files().front()));
  {
    const auto archive = open({.records_per_file = 10, .bounds = {.bytes_max = bytes * 5 / 2}});
    for (int hour = 0; hour < 48; ++hour) {
      archive->consume({});
      clock_.advance(std::chrono::hours(1));
    }
  }
  EXPECT_EQ(files().size(), 2u);
  std::string said;
  for (const auto& [event, text] : said_) {
    EXPECT_EQ(event, ArchiveEvent::kRemoved);
    said += text + "\n";
  }
  EXPECT_THAT(said, testing::HasSubstr(folder_.string() + ": removed the oldest 2 CSV files\n"));
}

TEST_F(CsvArchiveTest, FilesGoAsTheyGetOldWhateverTheClockSaysForAWhile) {
  const auto file_of = [&](int64_t days_ago) {
    const int64_t time = clock_.wall_unix_ms() - days_ago * 86'400'000;
    const auto path = folder_ / ("qaio-" + utc_file_text(time) + ".csv");
    std::ofstream(path) << csv_header() << lines(0, 1);
    set_written(path, time);
  };
  for (int day = 0; day < 20; ++day) file_of(day);
  file_of(20'000);  // by a clock that had not been set
  file_of(-1000);   // by one that was wrong
  const auto days = [](CsvArchive& archive, ArchiveClock& clock, int count) {
    for (int hour = 0; hour < 24 * count; ++hour) {
      clock.advance(std::chrono::hours(1));
      archive.consume({});
    }
  };
  {
    const auto archive = open();
    for (const auto jump : {std::chrono::hours(24 * 40), std::chrono::hours(24 * 4000)}) {
      clock_.set_wall_by(jump);
      clock_.advance(std::chrono::seconds(12));
      archive->consume({});
      days(*archive, clock_, 0);
      clock_.set_wall_by(-jump);
    }
    days(*archive, clock_, 5);
  }
  EXPECT_EQ(files().size(), 22u);
  clock_.set_wall_by(std::chrono::hours(24 * 40));  // or it was off
  const auto archive = open();
  archive->consume({});
  EXPECT_EQ(files().size(), 22u);
  days(*archive, clock_, 2);
  EXPECT_LT(files().size(), 18u);
  days(*archive, clock_, 5);
  EXPECT_EQ(files().size(), 2u) << "those of which nobody knows the age";
}

TEST_F(CsvArchiveTest, AClockThatIsSetBackIsFollowedByTheNames) {
  const auto archive = open({.records_per_file = 1});
  archive->consume(records(0, 1));
  clock_.set_wall_by(std::chrono::hours(24 * 40));
  archive->consume(records(1, 1));
  clock_.set_wall_by(-std::chrono::hours(24 * 40));
  archive->consume(records(2, 2));
  archive->settle();
  EXPECT_EQ(files(), (std::vector<std::string>{
                         "qaio-20260921T141320000Z.csv", "qaio-20260921T141320000Z_2.csv",
                         "qaio-20260921T141320001Z.csv", "qaio-20261031T141320000Z.csv"}));
}

TEST_F(CsvArchiveTest, FilesOfOthersInTheFolderAreCounted) {
  const auto one = open({.records_per_file = 10, .bounds = {.files_max = 30}});
  open({.records_per_file = 10})->consume(records(0, 400));
  for (int hour = 0; hour < 24; ++hour) {
    clock_.advance(std::chrono::hours(1));
    one->consume({});
  }
  EXPECT_EQ(files().size(), 30u);
}

TEST_F(CsvArchiveTest, FilesAreForTheirOwnerAlone) {
  using std::filesystem::perms;
  const auto mode = [&](const std::string& name) {
    return std::filesystem::status(folder_ / name).permissions();
  };
  const auto own = perms::owner_read | perms::owner_write;
  {
    const auto archive = open({.records_per_file = 3});
    archive->consume(records(0, 4));
    archive->settle();
    for (const std::string& name : files()) EXPECT_EQ(mode(name), own) << name;
  }
  open({.records_per_file = 3, .gzip = true})->consume(records(4, 3));
  for (const std::string& name : files()) {
    EXPECT_EQ(mode(name), own) << name;
    std::filesystem::permissions(folder_ / name, own | perms::group_read | perms::others_read);
  }
  open();
  EXPECT_NE(mode(files().front()), own) << "as somebody made it, while there are no texts";
  open({.with_texts = true});
  for (const std::string& name : files()) EXPECT_EQ(mode(name), own) << name;
}

TEST_F(CsvArchiveTest, GoesOnAfterTheFolderWasRemoved) {
  auto archive = open({.records_per_file = 10});
  archive->consume(records(0, 13));
  archive->settle();
  std::filesystem::remove_all(folder_);
  archive->consume({});
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_EQ(said_[0].first, ArchiveEvent::kBegunAnew);
  EXPECT_THAT(said_[0].second, testing::HasSubstr("removed, 3 records with it"));
  EXPECT_EQ(archive->lost(), 3u);
  archive->consume(records(13, 10));
  archive->settle();
  std::filesystem::remove_all(folder_);  // between two files
  archive->consume(records(23, 4));
  archive.reset();
  ASSERT_EQ(files().size(), 1u);
  EXPECT_TRUE(contents(files()[0]) == csv_header() + lines(23, 4));
  EXPECT_EQ(said_.size(), 1u);
}

TEST_F(CsvArchiveTest, LeavesAFileThatWasMovedWhereItIs) {
  auto archive = open();
  archive->consume(records(0, 5));
  std::filesystem::rename(folder_ / files()[0], folder_ / "elsewhere");
  archive->consume(records(5, 5));
  archive.reset();
  ASSERT_EQ(files().size(), 2u);
  EXPECT_TRUE(contents("elsewhere") == csv_header() + lines(0, 5));
  EXPECT_TRUE(contents(files()[1]) == csv_header() + lines(5, 5));
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_THAT(said_[0].second, testing::HasSubstr("moved away, 5 records with it"));
}

TEST_F(CsvArchiveTest, SaysWhenTheFolderCannotBe) {
  std::ofstream(folder_ / "file") << "x";
  CsvArchiveOptions options;
  options.folder = (folder_ / "file/below").string();
  const auto archive = CsvArchive::open(options, run_info(), listener(), clock_);
  ASSERT_FALSE(archive);
  EXPECT_THAT(archive.error().message, testing::HasSubstr("file/below"));
}

}  // namespace
}  // namespace qaio
