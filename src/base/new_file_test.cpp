#include "base/new_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>

namespace qaio {
namespace {

class NewFileTest : public testing::Test {
 protected:
  NewFileTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("qaio_new_file_" + std::to_string(::getpid()))) {
    std::filesystem::create_directory(folder_);
    std::ofstream(path()) << "good";
  }
  ~NewFileTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path() const { return folder_ / "out"; }
  static std::string content(const std::filesystem::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  size_t files() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  const std::filesystem::path folder_;
};

TEST_F(NewFileTest, TheOldOneStaysUntilTheNewOneIsWhole) {
  {
    auto file = NewFile::create(path()).value();
    ASSERT_TRUE(file.write("new"));
    EXPECT_EQ(content(path()), "good");
    ASSERT_TRUE(file.finish());
    EXPECT_EQ(content(path()), "new");
  }
  EXPECT_EQ(files(), 1u);
}

TEST_F(NewFileTest, OneThatIsGivenUpLeavesNothing) {
  ASSERT_TRUE(NewFile::create(path()).value().write("half"));
  EXPECT_EQ(content(path()), "good");
  EXPECT_EQ(files(), 1u);
}

TEST_F(NewFileTest, AFullDiskCostsNoGoodFile) {
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 8, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const Result<void> written = write_new_file(path(), "too long for this disk");
  ::setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
  EXPECT_NE(written.error().message.find(path().string()), std::string::npos);
  EXPECT_EQ(content(path()), "good");
  EXPECT_EQ(files(), 1u);
}

TEST_F(NewFileTest, LinksAndPermissionsStay) {
  std::filesystem::create_symlink("out", folder_ / "link");
  ASSERT_EQ(::chmod(path().c_str(), 0640), 0);
  ASSERT_TRUE(write_new_file(folder_ / "link", "through"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link"));
  EXPECT_EQ(content(path()), "through");
  struct stat now {};
  ASSERT_EQ(::stat(path().c_str(), &now), 0);
  EXPECT_EQ(now.st_mode & 0777, 0640u);
}

TEST_F(NewFileTest, WhatIsNoFileIsWrittenDirectly) {
  EXPECT_TRUE(write_new_file("/dev/null", "gone"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST_F(NewFileTest, AFaultNamesTheFile) {
  const Result<void> none = write_new_file(folder_ / "no" / "such", "x");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("no/such: cannot write: No such file"), std::string::npos)
      << none.error().message;
}

}  // namespace
}  // namespace qaio
