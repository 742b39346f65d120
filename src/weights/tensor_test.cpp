#include "weights/tensor.h"

#include <gtest/gtest.h>

#include "weights/tensor_table.h"

namespace qaio {
namespace {

TEST(TensorType, NamesRoundTrip) {
  for (int i = 0; i < kTensorTypes; ++i) {
    const auto type = static_cast<TensorType>(i);
    EXPECT_EQ(tensor_type_from_name(tensor_type_name(type)), type);
  }
  EXPECT_EQ(tensor_type_from_name("q4_k"), TensorType::kQ4_K);
  EXPECT_FALSE(tensor_type_from_name("Q4"));
  EXPECT_FALSE(tensor_type_from_name(""));
}

TEST(TensorType, BitsPerWeightAreThePublishedOnes) {
  const auto bits = [](TensorType type) {
    const TensorTraits& traits = tensor_traits(type);
    return 8.0 * traits.block_bytes / traits.block_elements;
  };
  EXPECT_EQ(bits(TensorType::kQ4_0), 4.5);
  EXPECT_EQ(bits(TensorType::kQ4_1), 5.0);
  EXPECT_EQ(bits(TensorType::kQ5_0), 5.5);
  EXPECT_EQ(bits(TensorType::kQ5_1), 6.0);
  EXPECT_EQ(bits(TensorType::kQ8_0), 8.5);
  EXPECT_EQ(bits(TensorType::kQ2_K), 2.625);
  EXPECT_EQ(bits(TensorType::kQ3_K), 3.4375);
  EXPECT_EQ(bits(TensorType::kQ4_K), 4.5);
  EXPECT_EQ(bits(TensorType::kQ5_K), 5.5);
  EXPECT_EQ(bits(TensorType::kQ6_K), 6.5625);
}

TEST(CheckedElements, RefusesWhatCouldOverflow) {
  const auto elements = [](std::vector<int64_t> shape) { return checked_elements(shape); };
  EXPECT_EQ(elements({}), 1);
  EXPECT_EQ(elements({3, 4, 5}), 60);
  EXPECT_EQ(elements({int64_t{1} << 48}), int64_t{1} << 48);
  EXPECT_EQ(elements({7, 0}), 0);
  EXPECT_FALSE(elements({(int64_t{1} << 48) + 1}));
  EXPECT_FALSE(elements({INT64_MAX, INT64_MAX}));
  EXPECT_FALSE(elements({int64_t{1} << 32, int64_t{1} << 32}));
  EXPECT_FALSE(elements({0, INT64_MAX, INT64_MAX})) << "whatever the order";
  EXPECT_FALSE(elements({-1, 4}));
}

TEST(QuotedName, IsPrintableAndShort) {
  EXPECT_EQ(quoted_name("blk.0.attn_q.weight"), "'blk.0.attn_q.weight'");
  EXPECT_EQ(quoted_name(std::string_view("a\n\0\xff", 4)), R"('a\x0a\x00\xff')");
  EXPECT_LT(quoted_name(std::string(100'000, 'x')).size(), 100u);
}

class Table : public testing::Test {
 protected:
  TensorView view(std::string name, std::vector<int64_t> shape) {
    return {std::move(name), TensorType::kF32, std::move(shape), data_};
  }
  std::vector<std::byte> data_ = std::vector<std::byte>(24);
};

TEST_F(Table, FindsByName) {
  auto table = TensorTable::create("m.gguf", {view("b", {2, 3}), view("a", {6}), view("c", {6})},
                                   {{"odd", "IQ4_XS", {1, 32}}});
  ASSERT_TRUE(table);
  EXPECT_EQ(table->tensors()[0].name, "b") << "file order is kept";
  ASSERT_NE(table->find("a"), nullptr);
  EXPECT_EQ(table->find("a")->name, "a");
  EXPECT_EQ(table->find("odd"), nullptr);
  EXPECT_TRUE(table->contains("odd"));
  EXPECT_FALSE(table->contains("d"));
  EXPECT_TRUE(table->get("b", {2, 3}));
}

TEST_F(Table, RefusalsNameFileTensorAndReason) {
  auto table = TensorTable::create("m.gguf", {view("b", {2, 3})}, {{"odd", "IQ4_XS", {1, 32}}});
  ASSERT_TRUE(table);
  EXPECT_EQ(table->get("none").error().message, "m.gguf: tensor 'none' is missing");
  EXPECT_EQ(table->get("none").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(table->get("odd").error().message.starts_with(
      "m.gguf: tensor 'odd' is of type IQ4_XS, which is not supported; supported are F32, F16"));
  EXPECT_EQ(table->get("odd").error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(table->get("b", {3, 2}).error().message,
            "m.gguf: tensor 'b' has shape [2, 3], expected [3, 2]");
}

TEST_F(Table, RefusesTwins) {
  EXPECT_EQ(TensorTable::create("m", {view("b", {6}), view("b", {6})}).error().message,
            "m: tensor 'b' comes twice");
  EXPECT_FALSE(TensorTable::create("m", {view("b", {6})}, {{"b", "I8", {1}}}));
}

TEST_F(Table, RowsAreSlices) {
  const TensorView matrix = view("b", {2, 3});
  EXPECT_EQ(matrix.rows(), 2);
  EXPECT_EQ(matrix.cols(), 3);
  EXPECT_EQ(matrix.row(1).data(), data_.data() + 12);
  EXPECT_EQ(matrix.row(1).size(), 12u);
}

}  // namespace
}  // namespace qaio
