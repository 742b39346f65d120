#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/kernels.h"
#include "kernels/reference.h"

namespace qaio {
namespace {

// Keys and values of `positions` random positions in blocks, and query rows at given positions.
struct Cache {
  Cache(const Kernels& kernels, KvType type, int head_dim, int positions) {
    const size_t bytes = kv_block_bytes(type, head_dim);
    std::mt19937 random(9);
    std::normal_distribution<float> normal;
    std::vector<float> key(static_cast<size_t>(head_dim)), value(key.size());
    for (int p = 0; p < positions; ++p) {
      if (p % 32 == 0) {
        keys.emplace_back(bytes);
        values.emplace_back(bytes);
      }
      for (float& x : key) x = normal(random);
      for (float& x : value) x = normal(random);
      kernels.store_kv(key.data(), value.data(), head_dim, p % 32, type, keys.back().data(),
                       values.back().data());
    }
    for (auto& block : keys) key_blocks.push_back(block.data());
    for (auto& block : values) value_blocks.push_back(block.data());
  }
  std::vector<std::vector<std::byte>> keys, values;
  std::vector<const std::byte*> key_blocks, value_blocks;
};

std::vector<float> attend(const Kernels* kernels, const Cache& cache, KvType type, int head_dim,
                          const std::vector<float>& q, const std::vector<int32_t>& positions) {
  std::vector<float> out(q.size());
  const AttentionArgs args{.q = q.data(),
                           .q_stride = static_cast<size_t>(head_dim),
                           .out = out.data(),
                           .out_stride = static_cast<size_t>(head_dim),
                           .positions = positions.data(),
                           .rows = static_cast<int>(positions.size()),
                           .head_dim = head_dim,
                           .scale = 1.0F / std::sqrt(static_cast<float>(head_dim)),
                           .kv_type = type,
                           .key_blocks = cache.key_blocks.data(),
                           .value_blocks = cache.value_blocks.data()};
  kernels != nullptr ? kernels->attention(args) : reference::attention(args);
  return out;
}

class AttentionTest : public ::testing::TestWithParam<Isa> {};

TEST_P(AttentionTest, AgreesWithTheReferenceAndIsBatchInvariant) {
  const Kernels& kernels = kernels_for(GetParam());
  for (const KvType type : {KvType::kF16, KvType::kF32, KvType::kQ8}) {
    for (const int head_dim : {16, 64, 80, 128}) {
      const Cache cache(kernels, type, head_dim, 150);
      std::vector<int32_t> positions;
      for (int p = 60; p < 77; ++p) positions.push_back(p);
      positions.insert(positions.end(), {0, 31, 32, 149});
      std::mt19937 random(5);
      std::normal_distribution<float> normal;
      std::vector<float> q(positions.size() * static_cast<size_t>(head_dim));
      for (float& x : q) x = 2 * normal(random);
      const auto expected = attend(nullptr, cache, type, head_dim, q, positions);
      const auto together = attend(&kernels, cache, type, head_dim, q, positions);
      // values are O(1), the weights sum to 1: head_dim + blocks roundings of 2^-24 in the scores
      for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(together[i], expected[i], 4e-5);
      for (size_t row = 0; row < positions.size(); ++row) {
        const auto at = static_cast<std::ptrdiff_t>(row * static_cast<size_t>(head_dim));
        const std::vector<float> alone_q(q.begin() + at, q.begin() + at + head_dim);
        const auto alone = attend(&kernels, cache, type, head_dim, alone_q, {positions[row]});
        ASSERT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + at)) << "row " << row;
      }
    }
  }
}

TEST_P(AttentionTest, StoredValuesSaturateInsteadOfOverflowing) {
  const Kernels& kernels = kernels_for(GetParam());
  std::vector<float> key(16, 1e9F), value(16, -1e9F);
  std::vector<std::byte> keys(1024), values(1024);
  kernels.store_kv(key.data(), value.data(), 16, 0, KvType::kF16, keys.data(), values.data());
  const std::byte* key_block = keys.data();
  const std::byte* value_block = values.data();
  std::vector<float> q(16, 1.0F), out(16);
  const int32_t position = 0;
  kernels.attention({q.data(), 16, out.data(), 16, &position, 1, 16, 1.0F, KvType::kF16, &key_block,
                     &value_block});
  EXPECT_EQ(out[0], -65504.0F);
}

TEST_P(AttentionTest, EightBitValuesAreWithinHalfAStep) {
  const Kernels& kernels = kernels_for(GetParam());
  std::vector<float> key(64, 0.0F), value(64), out(64);
  for (size_t d = 0; d < 64; ++d) value[d] = std::sin(static_cast<float>(d)) * 3;
  std::vector<std::byte> keys(kv_block_bytes(KvType::kQ8, 64)), values(keys.size());
  kernels.store_kv(key.data(), value.data(), 64, 0, KvType::kQ8, keys.data(), values.data());
  const std::byte* key_block = keys.data();
  const std::byte* value_block = values.data();
  const int32_t position = 0;
  kernels.attention({key.data(), 64, out.data(), 64, &position, 1, 64, 1.0F, KvType::kQ8,
                     &key_block, &value_block});
  for (size_t d = 0; d < 64; ++d) EXPECT_NEAR(out[d], value[d], 3.0F / 127 / 2 * 1.001F) << d;
}

INSTANTIATE_TEST_SUITE_P(Isas, AttentionTest,
                         ::testing::ValuesIn(isas_available().begin(), isas_available().end()),
                         [](const auto& test) { return std::string(isa_name(test.param)); });

}  // namespace
}  // namespace qaio
