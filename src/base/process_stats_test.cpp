#include "base/process_stats.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "base/cpu_time_for_test.h"

namespace qaio {
namespace {

TEST(ProcessStats, SeeWhatTheProcessDoes) {
  const ProcessUsage before = process_usage();
  const int64_t resident_before = process_resident_bytes();
  std::vector<char> memory(64 << 20, 1);  // each page of it is touched
  const ProcessUsage after = process_usage();
  EXPECT_TRUE(shows_after_cpu_time([&] { return process_usage().cpu_ns > before.cpu_ns; }));
  EXPECT_GT(after.minor_faults, before.minor_faults);
  EXPECT_GE(after.context_switches, before.context_switches);
  EXPECT_GT(process_resident_bytes() - resident_before, int64_t{60} << 20);
  EXPECT_EQ(memory[1], 1);
}

TEST(ProcessStats, CountOpenFiles) {
  const ProcessState before = process_state();
  EXPECT_GE(before.open_files, 3);
  EXPECT_GE(before.open_files_max, before.open_files);
  EXPECT_GT(before.virtual_bytes, before.resident_bytes);
  EXPECT_GT(before.resident_bytes, 1 << 20);
  const int file = open("/dev/null", O_RDONLY);
  EXPECT_EQ(process_state().open_files, before.open_files + 1);
  close(file);
}

}  // namespace
}  // namespace qaio
