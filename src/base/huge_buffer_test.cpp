#include "base/huge_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

namespace qaio {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

TEST(HugeBuffer, IsZeroedAndAligned) {
  for (const size_t bytes : {size_t{1}, size_t{64}, size_t{100'000}, kHugePage, 3 * kHugePage}) {
    auto buffer = HugeBuffer::allocate(bytes);
    ASSERT_TRUE(buffer) << buffer.error().message;
    EXPECT_EQ(buffer->size(), bytes);
    const size_t alignment = bytes % kHugePage == 0 ? kHugePage : 64;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer->data()) % alignment, 0u) << bytes;
    EXPECT_TRUE(std::all_of(buffer->data(), buffer->data() + bytes,
                            [](std::byte byte) { return byte == std::byte{0}; }));
    std::fill_n(buffer->data(), bytes, std::byte{1});
  }
  EXPECT_EQ(HugeBuffer::allocate(0)->data(), nullptr);
}

TEST(HugeBufferDeathTest, NothingLiesBehindIt) {
  for (const size_t bytes : {size_t{64}, size_t{100'032}, kHugePage}) {
    auto buffer = HugeBuffer::allocate(bytes);
    ASSERT_TRUE(buffer);
    volatile std::byte* end = buffer->data() + bytes;
    EXPECT_DEATH(*end = std::byte{1}, "") << bytes;
  }
}

TEST(HugeBuffer, MovesWithItsMemory) {
  auto buffer = HugeBuffer::allocate(1000);
  ASSERT_TRUE(buffer);
  std::byte* data = buffer->data();
  HugeBuffer other;
  other = std::move(*buffer);
  EXPECT_EQ(other.data(), data);
  EXPECT_EQ(other.size(), 1000u);
  data[999] = std::byte{7};
}

}  // namespace
}  // namespace qaio
