#include "base/file_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace qaio {
namespace {

using ::testing::ElementsAre;

TEST(PartNames, ComeFromTheNameOfAnyPart) {
  for (const char* name : {"m-00001-of-00003.gguf", "m-00003-of-00003.gguf"}) {
    EXPECT_THAT(part_names(name), ElementsAre("m-00001-of-00003.gguf", "m-00002-of-00003.gguf",
                                              "m-00003-of-00003.gguf"));
  }
  EXPECT_EQ(part_names("m-00001-of-00012").size(), 12u);
  for (const char* whole :
       {"m.gguf", "", ".", "m-1-of-3.gguf", "m-00004-of-00003.gguf", "m-00000-of-00003.gguf",
        "m-00001-of-99999.gguf", "m_00001-of-00003.gguf", "m-0000x-of-00003.gguf",
        "m-00001-of-00003.tar.gz", "00001-of-00003.gguf"}) {
    EXPECT_THAT(part_names(whole), ElementsAre(whole));
  }
}

class FileSetTest : public ::testing::Test {
 protected:
  FileSetTest() {
    folder_ =
        std::filesystem::temp_directory_path() / ("qaio-file-set-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~FileSetTest() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name) { std::ofstream(folder_ / name) << name; }

  std::filesystem::path folder_;
};

TEST_F(FileSetTest, AFileBringsItsOtherParts) {
  for (const char* name :
       {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "n-00003-of-00003.gguf", "config.json"})
    write(name);
  auto files = FileSet::open(folder_ / "m-00002-of-00003.gguf");
  ASSERT_TRUE(files);
  EXPECT_THAT(files->names(), ElementsAre("m-00001-of-00003.gguf", "m-00002-of-00003.gguf"));
  EXPECT_EQ(files->label(), (folder_ / "m-00002-of-00003.gguf").string());
  EXPECT_EQ(files->label_of("m-00003-of-00003.gguf"), (folder_ / "m-00003-of-00003.gguf").string());
  files = FileSet::open(folder_ / "config.json");
  EXPECT_THAT(files->names(), ElementsAre("config.json"));
  EXPECT_FALSE(FileSet::open(folder_ / "m-00003-of-00003.gguf"));
}

TEST_F(FileSetTest, AFolderIsAllItsFiles) {
  write("a.json");
  write("b");
  const auto files = FileSet::open(folder_);
  ASSERT_TRUE(files);
  EXPECT_THAT(files->names(), ElementsAre("a.json", "b"));
  EXPECT_EQ(files->text("b"), "b");
  EXPECT_EQ(files->label_of("c"), (folder_ / "c").string());
  EXPECT_EQ(FileSet().label_of("c"), "embedded/c");
}

}  // namespace
}  // namespace qaio
