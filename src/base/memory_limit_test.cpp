#include "base/memory_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

namespace qaio {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr int64_t kMib = 1 << 20;

// A file system of the few files that say how much memory a process may have.
class MemoryLimitTest : public testing::Test {
 protected:
  MemoryLimitTest() { machine(1000, 0); }
  ~MemoryLimitTest() override { fs::remove_all(root_); }

  void write(const fs::path& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void machine(int64_t mib, int64_t swap_mib) const {
    write("proc/meminfo", "MemTotal:       " + std::to_string(mib << 10) +
                              " kB\nMemFree: 5 kB\nSwapCached: 7 kB\nSwapTotal:  " +
                              std::to_string(swap_mib << 10) + " kB\n");
  }
  static std::string bytes(int64_t mib) { return std::to_string(mib * kMib) + "\n"; }
  int64_t mib() const { return memory_limit(root_).bytes / kMib; }

  const fs::path root_ = fs::temp_directory_path() / ("qaio_memory_" + std::to_string(::getpid()));
};

TEST_F(MemoryLimitTest, TheMachineAlone) {
  EXPECT_EQ(mib(), 1000);
  EXPECT_EQ(memory_limit(root_).of, "this machine");
  machine(1000, 24);
  EXPECT_EQ(mib(), 1024);
  fs::remove(root_ / "proc/meminfo");
  EXPECT_EQ(mib(), 0);
}

TEST_F(MemoryLimitTest, TheLeastOfAllGroupsAboveTheProcess) {
  write("proc/self/cgroup", "0::/a.slice/b.service\n");
  write("sys/fs/cgroup/a.slice/b.service/memory.max", "max\n");
  EXPECT_EQ(mib(), 1000);
  write("sys/fs/cgroup/a.slice/memory.max", bytes(300));
  EXPECT_EQ(mib(), 300);
  EXPECT_THAT(memory_limit(root_).of, EndsWith("sys/fs/cgroup/a.slice"));
  write("sys/fs/cgroup/a.slice/b.service/memory.max", bytes(200));
  EXPECT_EQ(mib(), 200);
  write("sys/fs/cgroup/other.slice/memory.max", bytes(100));
  EXPECT_EQ(mib(), 200);
  write("sys/fs/cgroup/memory.max", bytes(5000));
  EXPECT_EQ(mib(), 200);
}

TEST_F(MemoryLimitTest, V1WritesALargeNumberWhereThereIsNone) {
  write("proc/self/cgroup", "9:cpu:/c\n4:memory:/docker/abc\n0::/\n");
  write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(mib(), 1000);
  write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", bytes(64));
  EXPECT_EQ(mib(), 64);
}

TEST_F(MemoryLimitTest, SwapCountsAsFarAsTheGroupMayHaveIt) {
  machine(1000, 500);
  write("proc/self/cgroup", "0::/s\n");
  write("sys/fs/cgroup/s/memory.max", bytes(100));
  EXPECT_EQ(mib(), 600);
  write("sys/fs/cgroup/s/memory.swap.max", "max\n");
  EXPECT_EQ(mib(), 600);
  write("sys/fs/cgroup/s/memory.swap.max", bytes(50));
  EXPECT_EQ(mib(), 150);
  write("sys/fs/cgroup/s/memory.swap.max", "0\n");
  EXPECT_EQ(mib(), 100);

  write("proc/self/cgroup", "4:memory:/v1\n");
  write("sys/fs/cgroup/memory/v1/memory.limit_in_bytes", bytes(100));
  write("sys/fs/cgroup/memory/v1/memory.memsw.limit_in_bytes", bytes(120));
  EXPECT_EQ(mib(), 120);
}

TEST_F(MemoryLimitTest, WhatIsNotUnderstoodIsNoLimit) {
  write("proc/self/cgroup", "0::/\n");
  for (const char* text : {"", "x", "-1", "12x", "99999999999999999999"}) {
    write("sys/fs/cgroup/memory.max", text);
    EXPECT_EQ(mib(), 1000) << text;
  }
}

TEST(AnonymousBytes, GrowWithWhatIsFilled) {
  const int64_t before = anonymous_bytes();
  ASSERT_GT(before, 0);
  const std::string filled(64 * kMib, 'x');
  EXPECT_GE(anonymous_bytes() + 8 * kMib, before + static_cast<int64_t>(filled.size()));
}

TEST(ShortageText, SaysWhatToDo) {
  EXPECT_THAT(shortage_text(std::system_error(
                  std::make_error_code(std::errc::resource_unavailable_try_again))),
              HasSubstr("ulimit -u"));
  EXPECT_THAT(shortage_text(std::bad_alloc()), HasSubstr("refuses memory"));
  EXPECT_EQ(shortage_text(std::runtime_error("other")), "other");
}

}  // namespace
}  // namespace qaio
