#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

namespace qaio {
namespace {

std::filesystem::path temporary(const char* name) {
  return std::filesystem::temp_directory_path() /
         (std::string("qaio_") + std::to_string(::getpid()) + "_" + name);
}

TEST(MappedFile, MapsWhatWasWritten) {
  const auto path = temporary("mapped");
  std::ofstream(path, std::ios::binary) << "hello";
  auto file = MappedFile::open(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->bytes().size(), 5u);
  file->release_pages();  // the bytes come back from the file
  EXPECT_EQ(static_cast<char>(file->bytes()[4]), 'o');
  std::filesystem::remove(path);
}

TEST(MappedFile, EmptyFileIsAnEmptySpan) {
  const auto path = temporary("empty");
  std::ofstream(path, std::ios::binary).flush();
  auto file = MappedFile::open(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->bytes().empty());
  std::filesystem::remove(path);
}

TEST(MappedFile, APipeIsRefusedAtOnce) {
  const auto path = temporary("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto file = MappedFile::open(path);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("is not a regular file"), std::string::npos);
  std::filesystem::remove(path);
}

TEST(MappedFile, NoticesThatItWasWrittenInto) {
  const auto path = temporary("changed");
  std::ofstream(path, std::ios::binary) << "hello";
  const auto long_ago = std::filesystem::last_write_time(path) - std::chrono::hours(1);
  std::filesystem::last_write_time(path, long_ago);
  const auto file = MappedFile::open(path).value();
  EXPECT_TRUE(file.check_unchanged());
  file.end_if_changed();

  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  auto other = path;
  other += ".other";
  std::filesystem::create_hard_link(path, other);
  std::filesystem::rename(path, path.string() + ".moved");
  EXPECT_TRUE(file.check_unchanged()) << "its bytes are the same";
  std::ofstream(path, std::ios::binary) << "another file of the name";
  EXPECT_TRUE(file.check_unchanged());

  std::fstream(other, std::ios::in | std::ios::out | std::ios::binary) << "J";
  const Result<void> changed = file.check_unchanged();
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, ErrorCode::kIo);
  EXPECT_NE(changed.error().message.find(path.string() + ": was written into"), std::string::npos);
  EXPECT_EXIT(file.end_if_changed(), testing::ExitedWithCode(kMappedFaultExit),
              "qaio: .*was written into while it was in use; to replace it, rename");
  for (const char* each : {"", ".other", ".moved"}) std::filesystem::remove(path.string() + each);
}

TEST(MappedFile, NamesTheMissingFile) {
  auto file = MappedFile::open("/nonexistent/model.gguf");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kNotFound);
  EXPECT_NE(file.error().message.find("/nonexistent/model.gguf"), std::string::npos);
}

TEST(MappedFile, RefusesADirectory) {
  auto file = MappedFile::open("/tmp");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace qaio
