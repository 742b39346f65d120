#include "observe/csv_archive.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <fstream>
#include <sstream>

#include "observe/archive_fixture_for_test.h"
#include "observe/record_text.h"

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

TEST_F(CsvArchiveTest, TheOldestFilesGo) {
  const auto write = [&](CsvFolderBounds bounds, uint64_t first) {
    open({.records_per_file = 10, .bounds = bounds})->consume(records(first, 50));
    clock_.advance(std::chrono::milliseconds(1000));
  };
  write({}, 0);
  ASSERT_EQ(files().size(), 5u);
  write({.files_max = 3}, 50);
  ASSERT_EQ(files().size(), 3u);
  EXPECT_TRUE(contents(files().back()) == csv_header() + lines(90, 10));
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(folder_ / files().front()));
  write({.bytes_max = bytes * 5 / 2}, 100);
  EXPECT_EQ(files().size(), 2u);
  clock_.advance(std::chrono::hours(24 * 31));
  open();
  EXPECT_TRUE(files().empty());
}

TEST_F(CsvArchiveTest, GoesOnAfterTheFolderWasRemoved) {
  auto archive = open({.records_per_file = 10});
  archive->consume(records(0, 13));
  std::filesystem::remove_all(folder_);
  archive->consume({});
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_EQ(said_[0].first, ArchiveEvent::kBegunAnew);
  EXPECT_THAT(said_[0].second, testing::HasSubstr("removed, 3 records with it"));
  EXPECT_EQ(archive->lost(), 3u);
  archive->consume(records(13, 10));
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
