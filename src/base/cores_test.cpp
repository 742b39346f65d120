#include "base/cores.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

namespace qaio {
namespace {

namespace fs = std::filesystem;

// A file system of the few files that say how much CPU a process may use.
class CoresOfQuota : public testing::Test {
 protected:
  ~CoresOfQuota() override { fs::remove_all(root_); }

  void write(const fs::path& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void self(const std::string& groups, const std::string& mounts = "") const {
    write("proc/self/cgroup", groups);
    write("proc/self/mountinfo", mounts);
  }
  void v1(const fs::path& folder, int quota_us, int period_us) const {
    write(folder / "cpu.cfs_quota_us", std::to_string(quota_us) + "\n");
    write(folder / "cpu.cfs_period_us", std::to_string(period_us) + "\n");
  }

  const fs::path root_ = fs::temp_directory_path() / ("qaio_cores_" + std::to_string(::getpid()));
};

TEST_F(CoresOfQuota, NoneWithoutGroupsOrWithoutAQuota) {
  EXPECT_EQ(cores_of_quota(root_), std::nullopt);
  self("0::/user.slice\n");
  EXPECT_EQ(cores_of_quota(root_), std::nullopt);
  write("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
  EXPECT_EQ(cores_of_quota(root_), std::nullopt);
  v1("sys/fs/cgroup/cpu", -1, 100'000);
  EXPECT_EQ(cores_of_quota(root_), std::nullopt);
}

TEST_F(CoresOfQuota, WhatIsNotUnderstoodIsNoQuota) {
  self("0::/\nnonsense\n1:\n");
  for (const char* text : {"", "x", "100000", "100000 0", "-5 100000", "1e5 100000",
                           "99999999999999999999 100000", "100000 x"}) {
    write("sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(cores_of_quota(root_), std::nullopt) << text;
  }
}

TEST_F(CoresOfQuota, PartsOfACoreDoNotCountButThereIsAlwaysOne) {
  self("0::/\n");
  for (const auto& [text, cores] :
       {std::pair("110000 100000", 1), std::pair("199999 100000", 1), std::pair("200000 100000", 2),
        std::pair("50000 100000", 1), std::pair("1000 100000", 1), std::pair("75000 25000", 3)}) {
    write("sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(cores_of_quota(root_), cores) << text;
  }
}

TEST_F(CoresOfQuota, TheLeastOfTheGroupAndAllAboveIt) {
  self("0::/a.slice/b.slice/c.service\n");
  write("sys/fs/cgroup/a.slice/b.slice/c.service/cpu.max", "800000 100000");
  EXPECT_EQ(cores_of_quota(root_), 8);
  write("sys/fs/cgroup/a.slice/b.slice/cpu.max", "max 100000");
  EXPECT_EQ(cores_of_quota(root_), 8);
  write("sys/fs/cgroup/a.slice/cpu.max", "300000 100000");
  EXPECT_EQ(cores_of_quota(root_), 3);
  write("sys/fs/cgroup/cpu.max", "200000 100000");
  EXPECT_EQ(cores_of_quota(root_), 2);
  write("sys/fs/cgroup/other.slice/cpu.max", "100000 100000");
  EXPECT_EQ(cores_of_quota(root_), 2);
}

TEST_F(CoresOfQuota, V1HasAHierarchyPerController) {
  self(
      "12:memory:/m\n4:cpu,cpuacct:/system.slice/q.service\n3:cpuset:/\n1:name=systemd:/s\n0::/"
      "s\n");
  v1("sys/fs/cgroup/cpu,cpuacct/system.slice/q.service", 250'000, 100'000);
  EXPECT_EQ(cores_of_quota(root_), 2);
  v1("sys/fs/cgroup/cpu/system.slice", 100'000, 100'000);
  EXPECT_EQ(cores_of_quota(root_), 1);
}

TEST_F(CoresOfQuota, TheKernelSaysWhereTheyAreMounted) {
  self("5:cpu:/jobs/1\n0::/svc\n",
       "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
       "30 22 0:26 / /my\\040groups/cpu rw,nosuid - cgroup none rw,cpu\n"
       "31 22 0:27 / /my\\040groups/set rw - cgroup none rw,cpuset\n"
       "32 22 0:28 / /two rw,nosuid shared:9 - cgroup2 none rw\n");
  v1("my groups/set/jobs/1", 100'000, 100'000);
  v1("my groups/cpu/jobs/1", 600'000, 100'000);
  EXPECT_EQ(cores_of_quota(root_), 6);
  write("two/svc/cpu.max", "500000 100000");
  EXPECT_EQ(cores_of_quota(root_), 5);
}

TEST_F(CoresOfQuota, AContainerSeesItsGroupAtTheMountPoint) {
  self("4:cpu:/docker/abc/inner\n",
       "30 22 0:26 /docker/abc /sys/fs/cgroup/cpu ro - cgroup c rw,cpu\n");
  v1("sys/fs/cgroup/cpu", 400'000, 100'000);
  EXPECT_EQ(cores_of_quota(root_), 4);
  v1("sys/fs/cgroup/cpu/inner", 300'000, 100'000);
  EXPECT_EQ(cores_of_quota(root_), 3);

  // One that was moved out of what its namespace shows.
  self("0::/../../elsewhere\n");
  write("sys/fs/cgroup/cpu.max", "200000 100000");
  EXPECT_EQ(cores_of_quota(root_), 2);
}

// A unit of systemd with CPUQuota=100%, and a container under v1 that sees no group of v1.
TEST_F(CoresOfQuota, WhatPeoplesMachinesHad) {
  self("0::/system.slice/qaio.service\n");
  write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
  write("sys/fs/cgroup/system.slice/qaio.service/cpu.max", "100000 100000\n");
  EXPECT_EQ(cores_of_quota(root_), 1);
  fs::remove_all(root_ / "sys");
  v1("sys/fs/cgroup/cpu", 100'000, 100'000);
  EXPECT_EQ(cores_of_quota(root_), 1);
}

TEST(CoresAllowed, AtLeastOneAndNoneBeyondTheMask) {
  std::thread([] {  // whose mask is its own
    const std::vector<int> cores = cores_of_process();
    ASSERT_FALSE(cores.empty());
    EXPECT_GE(cores_allowed(), 1);
    EXPECT_LE(cores_allowed(), static_cast<int>(cores.size()));
    cpu_set_t last;
    CPU_ZERO(&last);
    CPU_SET(static_cast<size_t>(cores.back()), &last);
    ASSERT_EQ(sched_setaffinity(0, sizeof(last), &last), 0);
    EXPECT_EQ(cores_of_process(), std::vector<int>{cores.back()});
    EXPECT_EQ(cores_allowed(), 1);
  })
      .join();
}

}  // namespace
}  // namespace qaio
