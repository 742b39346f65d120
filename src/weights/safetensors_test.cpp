#include "weights/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weights/test_files.h"

namespace qaio {
namespace {

using testing::ElementsAre;
using testing_files::Bytes;
using testing_files::safetensors_file;

std::string refusal(std::string_view header, size_t data_bytes) {
  auto parsed = parse_safetensors(safetensors_file(header, data_bytes).span(), "m");
  return parsed ? "(parsed)" : parsed.error().message;
}

TEST(Safetensors, ReadsTensorsAndMetadata) {
  // Spaces may pad the header; offsets need not be in the order of names.
  const Bytes bytes = safetensors_file(
      R"({"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]},"__metadata__":{"format":"pt"},)"
      R"("a":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},)"
      R"("s":{"dtype":"F16","shape":[],"data_offsets":[20,22]},)"
      R"("e":{"dtype":"F16","shape":[0,4],"data_offsets":[20,20]}}   )",
      22);
  auto file = parse_safetensors(bytes.span(), "m");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->metadata.at("format"), "pt");
  EXPECT_EQ(file->tensors.tensors()[0].name, "a");
  auto tensor = file->tensors.get("a", {2, 3});
  ASSERT_TRUE(tensor);
  EXPECT_EQ((*tensor)->type, TensorType::kBF16);
  EXPECT_EQ((*tensor)->bytes.size(), 12u);
  EXPECT_EQ(file->tensors.find("s")->elements(), 1);
  EXPECT_EQ(file->tensors.find("e")->bytes.size(), 0u);
}

TEST(Safetensors, ForeignTypesAreRefusedWhenUsed) {
  const Bytes bytes =
      safetensors_file(R"({"ids":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}})", 16);
  auto file = parse_safetensors(bytes.span(), "m");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors.foreign()[0].type_name, "I64");
  EXPECT_EQ(file->tensors.get("ids").error().message,
            "m: tensor 'ids' is of type I64, which is not supported; supported are F32, F16, BF16, "
            "Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K and IQ4_NL");
}

TEST(Safetensors, SizesMustAgree) {
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,12]}})", 12),
            "m: tensor 'a' of shape [2, 2] and type F32 needs 16 bytes, but its data_offsets hold "
            "12");
  EXPECT_EQ(
      refusal(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0),
      "m: tensor 'a' has an impossible shape [4611686018427387904, 4]");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})", 15),
            "m: tensor 'a' ends beyond the file (byte 16 of 15 bytes of data)");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})", 17),
            "m: holds 1 bytes after its last tensor");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}})", 16),
            "m: tensor 'a' has impossible data_offsets");
}

TEST(Safetensors, TensorsLieEndToEnd) {
  const auto two = [](const char* second_offsets, size_t data_bytes) {
    return refusal(R"({"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},)"
                   R"("b":{"dtype":"F16","shape":[4],"data_offsets":)" +
                       std::string(second_offsets) + "}}",
                   data_bytes);
  };
  EXPECT_EQ(two("[8,16]", 16), "(parsed)");
  EXPECT_EQ(two("[6,14]", 14), "m: tensor 'b' overlaps tensor 'a'");
  EXPECT_EQ(two("[0,8]", 8), "m: tensor 'b' overlaps tensor 'a'");
  EXPECT_EQ(two("[10,18]", 18), "m: tensor 'b' leaves a hole of 2 bytes before it");
}

// The second description wins in the JSON parser; the bytes of the first are then nobody's.
TEST(Safetensors, RefusesTwins) {
  EXPECT_NE(refusal(R"({"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},)"
                    R"("a":{"dtype":"F16","shape":[4],"data_offsets":[8,16]}})",
                    16),
            "(parsed)");
}

TEST(Safetensors, RefusesOtherHeaders) {
  EXPECT_EQ(refusal("[]", 0), "m: has a header that is not a JSON object");
  EXPECT_THAT(refusal("{", 0), testing::StartsWith("m: header: not valid JSON at byte "));
  EXPECT_EQ(refusal(R"({"a":7})", 0), "m: tensor 'a' is not described by an object");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F32","shape":[1]}})", 4),
            "m: tensor 'a' lacks a valid dtype, shape or data_offsets");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"Q9","shape":[1],"data_offsets":[0,4]}})", 4),
            "m: tensor 'a' has unknown type 'Q9'");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4),
            "m: tensor 'a' has a shape that is not made of counts");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})", 4),
            "m: tensor 'a' has more than 8 dimensions");
  EXPECT_EQ(refusal(R"({"__metadata__":{"a":1}})", 0),
            "m: has a '__metadata__' value that is not a string");
}

TEST(Safetensors, RefusesImpossibleHeaderLengths) {
  const auto message = [](const Bytes& bytes) {
    return parse_safetensors(bytes.span(), "m").error().message;
  };
  EXPECT_EQ(message(Bytes().u32(7)), "m: is truncated: too short for a safetensors file");
  EXPECT_EQ(message(Bytes().u64(3).raw("{}")), "m: is truncated inside its header");
  EXPECT_EQ(message(Bytes().u64(UINT64_MAX).raw("{}")),
            "m: is not a safetensors file: its header would have 18446744073709551615 bytes");
}

class Sharded : public testing::Test {
 protected:
  Sharded() { files_.set_label("folder"); }
  // A file with one F32 value per name.
  void add_file(const std::string& name, const std::vector<std::string>& tensors) {
    std::string header = "{";
    for (size_t i = 0; i < tensors.size(); ++i) {
      header += (i == 0 ? "\"" : ",\"") + tensors[i] +
                R"(":{"dtype":"F32","shape":[1],"data_offsets":[)" + std::to_string(4 * i) + "," +
                std::to_string(4 * i + 4) + "]}";
    }
    add(name, safetensors_file(header + "}", 4 * tensors.size()));
  }
  void add_index(std::string_view weight_map) {
    add("model.safetensors.index.json",
        Bytes().raw(R"({"metadata":{},"weight_map":)").raw(weight_map).raw("}"));
  }
  void add(const std::string& name, Bytes bytes) {
    kept_.push_back(std::make_unique<Bytes>(std::move(bytes)));
    files_.add(name, kept_.back()->span());
  }
  std::string refusal() const {
    auto table = load_safetensors(files_);
    return table ? "(loaded)" : table.error().message;
  }

  FileSet files_;
  std::vector<std::unique_ptr<Bytes>> kept_;
};

TEST_F(Sharded, JoinsTheShards) {
  add_index(R"({"a":"one.safetensors","b":"two.safetensors","c":"one.safetensors"})");
  add_file("one.safetensors", {"a", "c"});
  add_file("two.safetensors", {"b"});
  auto table = load_safetensors(files_);
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->tensors().size(), 3u);
  EXPECT_EQ(table->label(), "folder");
}

TEST_F(Sharded, RefusalsNameTheShard) {
  add_index(R"({"a":"one.safetensors","b":"two.safetensors"})");
  add_file("one.safetensors", {"a"});
  EXPECT_EQ(refusal(),
            "folder/two.safetensors: this part of the model is missing; "
            "model.safetensors.index.json names it");
  add_file("two.safetensors", {"c"});
  EXPECT_EQ(refusal(),
            "folder/two.safetensors: tensor 'b' is missing, which model.safetensors.index.json "
            "places here");
  add_file("two.safetensors", {"b", "a"});
  EXPECT_EQ(refusal(), "folder/two.safetensors: tensor 'a' is in one.safetensors as well");
  add_file("one.safetensors", {"b"});
  add_file("two.safetensors", {"a"});
  EXPECT_EQ(refusal(),
            "folder/one.safetensors: tensor 'b' is here, but model.safetensors.index.json places "
            "it in 'two.safetensors'");
  add("two.safetensors", Bytes().u64(1000).raw("{}"));
  add_file("one.safetensors", {"a"});
  EXPECT_EQ(refusal(), "folder/two.safetensors: is truncated inside its header");
}

TEST_F(Sharded, RefusesABadIndex) {
  add_index("[]");
  EXPECT_EQ(refusal(), "folder/model.safetensors.index.json: has no 'weight_map' object");
  add_index(R"({"a":7})");
  EXPECT_EQ(refusal(),
            "folder/model.safetensors.index.json: tensor 'a' is not mapped to a file name");
  add_index("{");
  EXPECT_THAT(refusal(),
              testing::StartsWith("folder/model.safetensors.index.json: not valid JSON"));
}

TEST_F(Sharded, AWholeModelBesideAStaleIndexIsTheModel) {
  add_index(R"({"a":"one.safetensors","b":"two.safetensors"})");
  add_file("model.safetensors", {"a", "b"});
  auto table = load_safetensors(files_);
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->tensors().size(), 2u);
  add_file("one.safetensors", {"a"});  // as Hugging Face's programs do, whatever else is there
  EXPECT_EQ(refusal(), "(loaded)");
  add_index("{");
  EXPECT_EQ(refusal(), "(loaded)");
}

TEST_F(Sharded, NamesWhatIsThereInstead) {
  add("pytorch_model.bin", Bytes().raw("PK\x03\x04"));
  EXPECT_EQ(refusal(),
            "folder: holds no *.safetensors file; 'pytorch_model.bin' is PyTorch's: save the model "
            "as safetensors");
  add("model.safetensors", Bytes().raw("version https://git-lfs.github.com/spec/v1\noid sha256:0"));
  EXPECT_THAT(refusal(), testing::StartsWith("folder/model.safetensors: is a Git LFS pointer"));
  files_ = FileSet();
  files_.set_label("folder");
  add_index(R"({"a":"one.safetensors"})");
  add("one.safetensors", Bytes().raw("<html>"));
  EXPECT_THAT(refusal(), testing::StartsWith("folder/one.safetensors: is a web page"));
}

TEST_F(Sharded, WithoutAnIndexOneFileIsTheModel) {
  EXPECT_EQ(refusal(), "folder: holds no *.safetensors file");
  add_file("weights.safetensors", {"a"});
  EXPECT_EQ(refusal(), "(loaded)");
  add_file("zzz.safetensors", {"b"});
  EXPECT_EQ(refusal(),
            "folder: holds several *.safetensors files, but no model.safetensors.index.json");
  add_file("model.safetensors", {"c"});
  auto table = load_safetensors(files_);
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_TRUE(table->contains("c"));
}

}  // namespace
}  // namespace qaio
