#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

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
