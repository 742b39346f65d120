#include "base/mapped_fault.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/mapped_file.h"
#include "base/sanitizer.h"

namespace qaio {
namespace {

constexpr size_t kBytes = size_t{64} << 10;

class MappedFault : public testing::Test {
 protected:
  void SetUp() override { std::ofstream(path_, std::ios::binary) << std::string(kBytes, 'x'); }
  void TearDown() override { std::filesystem::remove(path_); }

  // As the reader of a mapped file has it, not of this process alone.
  std::span<std::byte> map() const {
    const int fd = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
    void* address = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    return {static_cast<std::byte*>(address), kBytes};
  }
  void truncate() const { std::filesystem::resize_file(path_, 0); }

  const std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                      ("qaio_fault_" + std::to_string(::getpid()) + ".bin");
};

void read(std::span<const std::byte> bytes) {
  const volatile std::byte* data = bytes.data();
  for (size_t i = 0; i < bytes.size(); i += 4096) static_cast<void>(data[i]);
}

TEST_F(MappedFault, AMappedFileThatBecomesShorterEndsTheProgramWithItsName) {
  const auto file = MappedFile::open(path_);
  ASSERT_TRUE(file);
  EXPECT_EXIT(
      {
        truncate();
        read(file->bytes());
      },
      testing::ExitedWithCode(kMappedFaultExit),
      "^qaio: .*/qaio_fault_[0-9]+\\.bin: became shorter while it was in use, or its disk failed");
}

TEST_F(MappedFault, TheSentenceWaitsForNobodyWhoReads) {
  const auto file = MappedFile::open(path_);
  ASSERT_TRUE(file);
  EXPECT_EXIT(
      {
        int ends[2];
        if (::pipe(ends) != 0) ::_exit(1);
        ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
        while (::write(ends[1], path_.c_str(), 1) == 1) {
        }
        ::fcntl(ends[1], F_SETFL, 0);
        ::dup2(ends[1], STDERR_FILENO);
        ::alarm(60);  // were it to wait
        truncate();
        read(file->bytes());
      },
      testing::ExitedWithCode(kMappedFaultExit), "");
}

TEST_F(MappedFault, ZerosTakeThePlaceOfALostRange) {
  const std::span<std::byte> range = map();
  std::atomic<int> lost = 0;
  {
    const auto guard = MappedFaultGuard::zeroing(range, lost);
    EXPECT_EQ(range[kBytes - 1], std::byte{'x'});
    truncate();
    std::thread other([&] { read(range); });
    read(range);
    other.join();
    EXPECT_EQ(range[kBytes - 1], std::byte{0});
    range[0] = std::byte{1};  // of this process alone
    EXPECT_EQ(lost, 1);
  }
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(std::filesystem::file_size(path_), 0u);
  ::munmap(range.data(), range.size());
}

TEST_F(MappedFault, AGuardFollowsItsRange) {
  std::span<std::byte> range = map();
  std::atomic<int> lost = 0;
  auto guard = MappedFaultGuard::zeroing(range, lost);
  void* moved = ::mremap(range.data(), kBytes, 2 * kBytes, MREMAP_MAYMOVE);
  range = {static_cast<std::byte*>(moved), 2 * kBytes};
  guard.cover(range);
  const MappedFaultGuard other = std::move(guard);
  EXPECT_EQ(range[2 * kBytes - 1], std::byte{0});  // behind the end of the file
  EXPECT_EQ(lost, 1);
  ::munmap(range.data(), range.size());
}

TEST_F(MappedFault, ElsewhereSigbusIsWhatItWas) {
  const std::span<std::byte> range = map();
  const auto file = MappedFile::open(path_);  // so that there is a handler
  ASSERT_TRUE(file);
  // AddressSanitizer has a handler of its own, which reports the signal and exits.
  const auto as_without_ours = [](int status) {
    if (QAIO_ADDRESS_SANITIZER) return WIFEXITED(status) && WEXITSTATUS(status) == 1;
    return testing::KilledBySignal(SIGBUS)(status);
  };
  EXPECT_EXIT(
      {
        truncate();
        read(range);
      },
      as_without_ours, QAIO_ADDRESS_SANITIZER ? "AddressSanitizer: BUS" : "");
  ::munmap(range.data(), range.size());
}

}  // namespace
}  // namespace qaio
