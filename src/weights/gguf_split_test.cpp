#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "weights/gguf.h"
#include "weights/gguf_writer.h"
#include "weights/test_files.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using testing_files::Bytes;

// What one part says of itself; negative: nothing.
struct Part {
  int number;
  int count = 2;
  int tensors = 3;
};

class SplitGguf : public testing::Test {
 protected:
  SplitGguf() { files_.set_label("folder"); }
  // A file of F32 tensors of one value each.
  void add(const std::string& name, Part part, const std::vector<std::string>& tensors) {
    GgufWriter writer;
    if (part.number == 0) writer.add_string("general.architecture", "qwen3");
    if (part.number >= 0) writer.add_uint("split.no", static_cast<uint32_t>(part.number));
    if (part.count >= 0) writer.add_uint("split.count", static_cast<uint32_t>(part.count));
    if (part.tensors >= 0)
      writer.add_uint("split.tensors.count", static_cast<uint32_t>(part.tensors));
    const int64_t one[] = {1};
    for (const std::string& tensor : tensors) writer.add_tensor(tensor, TensorType::kF32, one);
    Bytes bytes;
    bytes.raw(writer.header());
    for (size_t i = 0; i < tensors.size(); ++i) bytes.f32(static_cast<float>(i)).align(32);
    kept_.push_back(std::make_unique<Bytes>(std::move(bytes)));
    files_.add(name, kept_.back()->span());
  }
  std::string refusal(const std::string& name = "m-00001-of-00002.gguf") const {
    auto file = load_gguf(files_, name);
    return file ? "(loaded)" : file.error().message;
  }

  FileSet files_;
  std::vector<std::unique_ptr<Bytes>> kept_;
};

TEST_F(SplitGguf, IsOneModelWhicheverPartIsGiven) {
  add("m-00001-of-00002.gguf", {0}, {"a", "b"});
  add("m-00002-of-00002.gguf", {1}, {"c"});
  for (const char* name : {"m-00001-of-00002.gguf", "m-00002-of-00002.gguf"}) {
    auto file = load_gguf(files_, name);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(*file->get_string("general.architecture"), "qwen3");
    EXPECT_EQ(file->tensors().tensors().size(), 3u);
    EXPECT_TRUE(file->tensors().contains("c"));
    EXPECT_EQ(file->label(), "folder/m-00001-of-00002.gguf");
  }
}

TEST_F(SplitGguf, NamesThePartThatIsMissing) {
  add("m-00001-of-00003.gguf", {0, 3}, {"a"});
  add("m-00003-of-00003.gguf", {2, 3}, {"c"});
  for (const char* name : {"m-00001-of-00003.gguf", "m-00003-of-00003.gguf"}) {
    EXPECT_EQ(refusal(name),
              "folder/m-00002-of-00003.gguf: this part of the model is missing; it is in 3 parts "
              "('split.count')");
  }
}

TEST_F(SplitGguf, PartsMustFit) {
  add("m-00001-of-00002.gguf", {0}, {"a", "b"});
  add("m-00002-of-00002.gguf", {1}, {"b"});
  EXPECT_THAT(refusal(), HasSubstr("tensor 'b' comes twice"));
  add("m-00002-of-00002.gguf", {1}, {"c", "d"});
  EXPECT_EQ(refusal(),
            "folder/m-00001-of-00002.gguf: its parts hold 4 tensors, but 'split.tensors.count' is "
            "3");
  add("m-00002-of-00002.gguf", {0}, {"c"});
  EXPECT_EQ(refusal(),
            "folder/m-00002-of-00002.gguf: is part 1 of 2 by its metadata ('split.no', "
            "'split.count'), but 2 of 2 by its name");
  add("m-00002-of-00002.gguf", {1, 3}, {"c"});
  EXPECT_THAT(refusal(), HasSubstr("is part 2 of 3 by its metadata"));
  add("m-00002-of-00002.gguf", {-1, -1, -1}, {"c"});
  EXPECT_THAT(refusal(), HasSubstr("m-00002-of-00002.gguf: metadata entry 'split.no' is missing"));
  kept_.push_back(std::make_unique<Bytes>(Bytes().raw("version https://git-lfs.github.com/spec/")));
  files_.add("m-00002-of-00002.gguf", kept_.back()->span());
  EXPECT_THAT(refusal(), HasSubstr("m-00002-of-00002.gguf: is a Git LFS pointer"));
}

TEST_F(SplitGguf, ARenamedPartSaysHowPartsAreFound) {
  add("model.gguf", {0}, {"a"});
  EXPECT_THAT(refusal("model.gguf"), HasSubstr("is one of 2 parts ('split.count'), but its name"));
  add("m-00001-of-00005.gguf", {0}, {"a"});
  EXPECT_THAT(refusal("m-00001-of-00005.gguf"), HasSubstr("its name says otherwise"));
}

TEST_F(SplitGguf, OnePartIsAWholeModel) {
  add("model.gguf", {0, 1, 1}, {"a"});
  EXPECT_EQ(refusal("model.gguf"), "(loaded)");
  add("m-00001-of-00002.gguf", {-1, -1, -1}, {"a"});  // only its name looks divided
  EXPECT_EQ(refusal(), "(loaded)");
}

}  // namespace
}  // namespace qaio
