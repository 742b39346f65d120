#include "model/kv_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "base/huge_buffer.h"
#include "base/pages.h"

namespace qaio {
namespace {

bool resident(std::byte* address) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  unsigned char state = 0;
  EXPECT_EQ(::mincore(address - reinterpret_cast<uintptr_t>(address) % page, 1, &state), 0);
  return (state & 1) != 0;
}

// Linux does since 5.14, QEMU's user mode does not.
bool can_touch_ahead() {
  auto buffer = HugeBuffer::allocate(size_t{2} << 20);
  populate_for_writing({buffer->data(), buffer->size()});
  return resident(buffer->data());
}

TEST(KvMemoryTest, TouchesWhatComesNextAndNoMore) {
#if defined(__aarch64__)  // where tests may run under QEMU, which populates no pages
  if (!can_touch_ahead()) GTEST_SKIP() << "pages cannot be touched ahead here";
#else
  ASSERT_TRUE(can_touch_ahead());
#endif
  // 64 KiB a block: 32 blocks to a huge page, 8 of them to a layer.
  auto memory = KvMemory::allocate(/*layers=*/2, /*blocks=*/256, /*kv_heads=*/4, /*head_dim=*/128,
                                   KvType::kF16);
  ASSERT_TRUE(memory);
  ASSERT_EQ(memory->keys(0, 1, 0) - memory->keys(0, 0, 0), 64 << 10);
  EXPECT_FALSE(resident(memory->keys(0, 0, 0)));
  memory->in_use(3);
  for (const int layer : {0, 1}) {
    while (!resident(memory->values(layer, 63, 3))) std::this_thread::yield();
    EXPECT_TRUE(resident(memory->keys(layer, 0, 0)));
  }
  EXPECT_FALSE(resident(memory->values(0, 255, 3)));
  EXPECT_FALSE(resident(memory->values(1, 255, 3)));
  memory->in_use(255);
  while (!resident(memory->values(1, 255, 3))) std::this_thread::yield();
}

TEST(KvMemoryTest, MayBeMovedAndDestroyedWhileItWorks) {
  auto memory = KvMemory::allocate(2, 1024, 4, 128, KvType::kF32);
  ASSERT_TRUE(memory);
  memory->in_use(1000);
  const KvMemory moved = std::move(*memory);
  EXPECT_GT(moved.bytes(), 0U);
}

}  // namespace
}  // namespace qaio
