#include "weights/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weights/gguf_writer.h"
#include "weights/test_files.h"

namespace qaio {
namespace {

using testing::ElementsAre;
using testing_files::Bytes;
using testing_files::gguf_start;

// Numbers of metadata types, from the format's document.
enum : uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64
};

std::string refusal(const Bytes& file) {
  auto parsed = GgufFile::parse(file.span(), "m.gguf");
  return parsed ? "(parsed)" : parsed.error().message;
}

// One tensor of 3 rows of 32 Q8_0 values, with `edit` free to spoil the declaration.
struct OneTensor {
  std::string name = "w";
  std::vector<uint64_t> extents = {32, 3};  // innermost first
  uint32_t type = 8;
  uint64_t offset = 0;
  size_t data_bytes = 3 * 34;

  Bytes file() const {
    Bytes bytes = gguf_start(1, 0);
    bytes.string(name).u32(static_cast<uint32_t>(extents.size()));
    for (const uint64_t extent : extents) bytes.u64(extent);
    return bytes.u32(type).u64(offset).align(32).zeros(data_bytes);
  }
};

TEST(Gguf, ReadsATensor) {
  const Bytes bytes = OneTensor().file();
  auto file = GgufFile::parse(bytes.span(), "m.gguf");
  ASSERT_TRUE(file) << file.error().message;
  const TensorView* tensor = file->tensors().find("w");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->type, TensorType::kQ8_0);
  EXPECT_THAT(tensor->shape, ElementsAre(3, 32));
  EXPECT_EQ(tensor->bytes.size(), 102u);
  EXPECT_EQ(tensor->bytes.data() + 102, bytes.span().data() + bytes.span().size());
}

TEST(Gguf, NamesTypesThatItCannotUse) {
  const std::pair<uint32_t, const char*> unusable[] = {
      {16, "IQ2_XXS"}, {17, "IQ2_XS"}, {18, "IQ3_XXS"}, {19, "IQ1_S"}, {21, "IQ3_S"},
      {22, "IQ2_S"},   {23, "IQ4_XS"}, {29, "IQ1_M"},   {34, "TQ1_0"}, {35, "TQ2_0"},
      {39, "MXFP4"},   {40, "NVFP4"},  {41, "Q1_0"},    {42, "Q2_0"},  {9, "Q8_1"}};
  for (const auto& [number, name] : unusable) {
    const Bytes bytes = OneTensor{.type = number}.file();
    auto file = GgufFile::parse(bytes.span(), "m.gguf");
    ASSERT_TRUE(file) << name << ": " << file.error().message;
    const Error error = file->tensors().get("w").error();
    EXPECT_EQ(error.code, ErrorCode::kUnsupported);
    EXPECT_THAT(error.message, testing::StartsWith("m.gguf: tensor 'w' is of type " +
                                                   std::string(name) + ", which is not supported"));
    EXPECT_THAT(error.message, testing::HasSubstr("Q6_K and IQ4_NL"));
  }
  const std::pair<uint32_t, const char*> removed[] = {
      {4, "Q4_2"},      {5, "Q4_3"},        {31, "Q4_0_4_4"},   {32, "Q4_0_4_8"},
      {33, "Q4_0_8_8"}, {36, "IQ4_NL_4_4"}, {37, "IQ4_NL_4_8"}, {38, "IQ4_NL_8_8"}};
  for (const auto& [number, name] : removed) {
    EXPECT_THAT(refusal(OneTensor{.type = number}.file()),
                testing::StartsWith("m.gguf: tensor 'w' is of type " + std::string(name) + " (" +
                                    std::to_string(number) + "), which ggml has removed"));
  }
  EXPECT_THAT(refusal(OneTensor{.type = 142}.file()), testing::HasSubstr("unknown ggml type 142"));
}

TEST(Gguf, NamesWhatStandsInItsPlace) {
  EXPECT_THAT(refusal(Bytes().raw("version https://git-lfs.github.com/spec/v1\n")),
              testing::StartsWith("m.gguf: is a Git LFS pointer"));
  EXPECT_THAT(refusal(Bytes().raw("<!DOCTYPE html>")), testing::HasSubstr("web page"));
  EXPECT_THAT(refusal(Bytes().zeros(100)), testing::HasSubstr("zeros"));
}

TEST(Gguf, RefusesImpossibleTensors) {
  EXPECT_EQ(refusal(OneTensor{.extents = {}}.file()),
            "m.gguf: tensor 'w' has 0 dimensions; 1 to 4 are possible");
  EXPECT_EQ(
      refusal(OneTensor{.extents = {33, 3}}.file()),
      "m.gguf: tensor 'w' has rows of 33 values, not a multiple of the 32 in a block of Q8_0");
  EXPECT_EQ(refusal(OneTensor{.extents = {32, 0}}.file()),
            "m.gguf: tensor 'w' has an impossible extent of 0");
  EXPECT_EQ(refusal(OneTensor{.extents = {1ull << 32, 1ull << 32}}.file()),
            "m.gguf: tensor 'w' has an impossible shape [4294967296, 4294967296]");
  EXPECT_EQ(
      refusal(OneTensor{.type = 4}.file()),
      "m.gguf: tensor 'w' is of type Q4_2 (4), which ggml has removed; make the file again as "
      "Q4_0");
  EXPECT_EQ(refusal(OneTensor{.offset = 8}.file()),
            "m.gguf: tensor 'w' begins at offset 8, which is not aligned to 32");
  EXPECT_EQ(refusal(OneTensor{.offset = 32}.file()),
            "m.gguf: tensor 'w' ends beyond the file (offset 32, 102 bytes, 102 bytes of data)");
  EXPECT_EQ(refusal(OneTensor{.data_bytes = 101}.file()),
            "m.gguf: tensor 'w' ends beyond the file (offset 0, 102 bytes, 101 bytes of data)");
}

TEST(Gguf, ForeignTypesAreRefusedWhenUsed) {
  const Bytes bytes = OneTensor{.type = 23}.file();
  auto file = GgufFile::parse(bytes.span(), "m.gguf");
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->tensors().foreign().size(), 1u);
  EXPECT_EQ(file->tensors().foreign()[0].type_name, "IQ4_XS");
  EXPECT_THAT(file->tensors().get("w").error().message,
              testing::StartsWith("m.gguf: tensor 'w' is of type IQ4_XS, which is not supported"));
}

// Two vectors of 8 floats, 32 bytes each.
Bytes two_tensors(std::string_view second_name, uint64_t second_offset) {
  return gguf_start(2, 0)
      .string("a")
      .u32(1)
      .u64(8)
      .u32(0)
      .u64(0)
      .string(second_name)
      .u32(1)
      .u64(8)
      .u32(0)
      .u64(second_offset)
      .align(32)
      .zeros(96);
}

TEST(Gguf, RefusesOverlapsAndTwins) {
  EXPECT_EQ(refusal(two_tensors("b", 32)), "(parsed)");
  EXPECT_EQ(refusal(two_tensors("b", 64)), "(parsed)") << "holes are harmless";
  EXPECT_EQ(refusal(two_tensors("b", 0)), "m.gguf: tensor 'b' overlaps tensor 'a'");
  EXPECT_EQ(refusal(two_tensors("a", 32)), "m.gguf: tensor 'a' comes twice");
}

TEST(Gguf, RefusesOtherFilesAndVersions) {
  EXPECT_EQ(refusal(Bytes()), "m.gguf: is truncated: too short for a GGUF file");
  EXPECT_EQ(refusal(Bytes().raw("GGML").zeros(100)), "m.gguf: is not a GGUF file");
  EXPECT_THAT(refusal(Bytes().raw("PK\3\4").zeros(100)), testing::HasSubstr("is a ZIP archive"));
  EXPECT_EQ(refusal(gguf_start(0, 0, 1)),
            "m.gguf: has GGUF version 1; versions 2 and 3 are supported");
  EXPECT_EQ(refusal(gguf_start(0, 0, 4)),
            "m.gguf: has GGUF version 4; versions 2 and 3 are supported");
  EXPECT_EQ(refusal(gguf_start(0, 0, 0x03000000)), "m.gguf: is a big-endian GGUF file");
  EXPECT_EQ(refusal(gguf_start(0, 0, 2)), "(parsed)");
}

TEST(Gguf, CountsAreComparedWithTheFileFirst) {
  EXPECT_EQ(refusal(gguf_start(0, 1ull << 60)),
            "m.gguf: declares 1152921504606846976 metadata entries, more than it can hold");
  EXPECT_EQ(refusal(gguf_start(UINT64_MAX, 0)),
            "m.gguf: declares 18446744073709551615 tensors, more than it can hold");
  EXPECT_EQ(refusal(gguf_start(0, 1).string("k").u32(kArray).u32(kString).u64(1ull << 61)),
            "m.gguf: metadata entry 'k' declares 2305843009213693952 elements, more than the file "
            "can hold");
  EXPECT_EQ(refusal(gguf_start(0, 1).string("k").u32(kString).u64(UINT64_MAX).zeros(8)),
            "m.gguf: metadata entry 'k' ends beyond the file");
  EXPECT_EQ(
      refusal(gguf_start(0, 1).string("k").u32(kArray).u32(kString).u64(2).string("ok").u64(9)),
      "m.gguf: metadata entry 'k' has a string that ends beyond the file at index 1");
}

TEST(Gguf, RefusesBadMetadata) {
  EXPECT_EQ(refusal(gguf_start(0, 1).string("k").u32(13).zeros(8)),
            "m.gguf: metadata entry 'k' has unknown type 13");
  EXPECT_EQ(refusal(gguf_start(0, 1).string("k").u32(kArray).u32(kArray).u64(1).zeros(32)),
            "m.gguf: metadata entry 'k' is an array of unsupported type 9");
  EXPECT_EQ(refusal(gguf_start(0, 1).string("k").u32(kBool).u8(2)),
            "m.gguf: metadata entry 'k' is a boolean that is neither true nor false");
  EXPECT_EQ(refusal(gguf_start(0, 2).string("k").u32(kU32).u32(1).string("k").u32(kU32).u32(2)),
            "m.gguf: metadata entry 'k' comes twice");
  for (const uint32_t alignment : {0u, 4u, 48u, 1u << 30}) {
    EXPECT_EQ(refusal(gguf_start(0, 1).string("general.alignment").u32(kU32).u32(alignment)),
              "m.gguf: metadata entry 'general.alignment' is not a power of two from 8 to 65536");
  }
}

TEST(Gguf, AlignmentMovesTheData) {
  const Bytes bytes = gguf_start(1, 1)
                          .string("general.alignment")
                          .u32(kU32)
                          .u32(256)
                          .string("w")
                          .u32(1)
                          .u64(1)
                          .u32(0)
                          .u64(256)
                          .align(256)
                          .zeros(256)
                          .f32(2.5f);
  auto file = GgufFile::parse(bytes.span(), "m.gguf");
  ASSERT_TRUE(file) << file.error().message;
  float value = 0;
  std::memcpy(&value, file->tensors().find("w")->bytes.data(), sizeof(value));
  EXPECT_EQ(value, 2.5f);
}

class Metadata : public testing::Test {
 protected:
  void SetUp() override {
    bytes_ = gguf_start(0, 9)
                 .string("u8")
                 .u32(kU8)
                 .u8(200)
                 .string("i32")
                 .u32(kI32)
                 .i32(-7)
                 .string("u64")
                 .u32(kU64)
                 .u64(UINT64_MAX)
                 .string("f32")
                 .u32(kF32)
                 .f32(0.5f)
                 .string("nan")
                 .u32(kF64)
                 .number(std::nan(""))
                 .string("yes")
                 .u32(kBool)
                 .u8(1)
                 .string("text")
                 .u32(kString)
                 .string("Qwen 你好\n")
                 .string("words")
                 .u32(kArray)
                 .u32(kString)
                 .u64(3)
                 .string("a")
                 .string("")
                 .string("bc")
                 .string("ints")
                 .u32(kArray)
                 .u32(kI32)
                 .u64(2)
                 .i32(5)
                 .i32(-6);
    auto parsed = GgufFile::parse(bytes_.span(), "m.gguf");
    ASSERT_TRUE(parsed) << parsed.error().message;
    file_ = std::move(*parsed);
  }
  Bytes bytes_;
  std::optional<GgufFile> file_;
};

TEST_F(Metadata, TypedValues) {
  EXPECT_EQ(file_->get_int("u8", 0, 255), 200);
  EXPECT_EQ(file_->get_int("i32", -100, 0), -7);
  EXPECT_EQ(file_->get_float("f32"), 0.5);
  EXPECT_EQ(file_->get_bool("yes"), true);
  EXPECT_EQ(file_->get_string("text"), "Qwen 你好\n");
  EXPECT_THAT(*file_->get_string_array("words"), ElementsAre("a", "", "bc"));
  EXPECT_THAT(*file_->get_int_array("ints"), ElementsAre(5, -6));
  EXPECT_EQ(file_->metadata().size(), 9u);
  EXPECT_EQ(file_->metadata()[1].key, "i32");
}

TEST_F(Metadata, FallbacksAreOnlyForAbsentKeys) {
  EXPECT_EQ(file_->get_int("none", 0, 9, 4), 4);
  EXPECT_EQ(file_->get_string("none", "x"), "x");
  EXPECT_EQ(file_->get_bool("none", false), false);
  EXPECT_FALSE(file_->get_int("text", 0, 9, 4));
  EXPECT_EQ(file_->get_int("none", 0, 9).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(file_->get_int("none", 0, 9).error().message,
            "m.gguf: metadata entry 'none' is missing");
}

TEST_F(Metadata, WrongTypesAndRangesAreNamed) {
  EXPECT_EQ(file_->get_int("u8", 0, 100).error().message,
            "m.gguf: metadata entry 'u8' is 200, outside 0 to 100");
  EXPECT_EQ(file_->get_int("u64", 0, 100).error().message,
            "m.gguf: metadata entry 'u64' is 18446744073709551615, outside 0 to 100");
  EXPECT_EQ(file_->get_int("text", 0, 9).error().message,
            "m.gguf: metadata entry 'text' is string, expected an integer");
  EXPECT_EQ(file_->get_int("words", 0, 9).error().message,
            "m.gguf: metadata entry 'words' is array of string, expected an integer");
  EXPECT_EQ(file_->get_float("nan").error().message, "m.gguf: metadata entry 'nan' is not finite");
  EXPECT_FALSE(file_->get_float("u8"));
  EXPECT_FALSE(file_->get_bool("u8"));
  EXPECT_FALSE(file_->get_string("words"));
  EXPECT_FALSE(file_->get_string_array("ints"));
  EXPECT_FALSE(file_->get_int_array("words"));
  EXPECT_FALSE(file_->get_int_array("u8"));
}

TEST_F(Metadata, Descriptions) {
  const auto describe = [&](std::string_view key) { return GgufFile::describe(*file_->find(key)); };
  EXPECT_EQ(describe("u8"), "200");
  EXPECT_EQ(describe("f32"), "0.5");
  EXPECT_EQ(describe("yes"), "true");
  EXPECT_EQ(describe("text"), "\"Qwen 你好 \"");
  EXPECT_EQ(describe("words"), "[3 x string]");
  EXPECT_EQ(GgufFile::describe(*file_->find("text"), 7), "\"Qwen 你...\"");
}

TEST(GgufWriter, WhatItWritesIsRead) {
  GgufWriter writer;
  const std::vector<std::string> words = {"x", "yz"};
  const std::vector<int32_t> numbers = {1, -2, 3};
  writer.add_string("s", "text");
  writer.add_uint("u", 7);
  writer.add_float("f", 1.25f);
  writer.add_bool("b", true);
  writer.add_strings("words", words);
  writer.add_ints("ints", numbers);
  const int64_t vector[] = {5};
  const int64_t matrix[] = {2, 64};
  writer.add_tensor("v", TensorType::kF32, vector);
  writer.add_tensor("m", TensorType::kQ4_0, matrix);
  Bytes bytes;
  bytes.raw(writer.header()).zeros(20).align(32).zeros(2 * 2 * 18);
  auto file = GgufFile::parse(bytes.span(), "m.gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->version(), 3u);
  EXPECT_EQ(file->get_string("s"), "text");
  EXPECT_EQ(file->get_int("u", 0, 10), 7);
  EXPECT_EQ(file->get_float("f"), 1.25);
  EXPECT_EQ(file->get_bool("b"), true);
  EXPECT_THAT(*file->get_string_array("words"), ElementsAre("x", "yz"));
  EXPECT_THAT(*file->get_int_array("ints"), ElementsAre(1, -2, 3));
  EXPECT_TRUE(file->tensors().get("v", {5}));
  EXPECT_TRUE(file->tensors().get("m", {2, 64}));
}

}  // namespace
}  // namespace qaio
