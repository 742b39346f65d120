#include "server/http/unix_listener.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace qaio {
namespace {

using testing::HasSubstr;

class UnixListenerTest : public testing::Test {
 protected:
  UnixListenerTest() {
    std::string name = testing::TempDir() + "unix-XXXXXX";
    folder_ = mkdtemp(name.data());
    path_ = folder_ / "socket";
  }
  ~UnixListenerTest() override { std::filesystem::remove_all(folder_); }

  Result<std::unique_ptr<UnixListener>> listen(unsigned mode = 0660) {
    return UnixListener::listen(boost::asio::make_strand(io_), path_, mode);
  }
  std::string error() {
    const auto listener = listen();
    return listener ? "no error" : listener.error().message;
  }
  unsigned mode() const {
    struct stat info {};
    EXPECT_EQ(::lstat(path_.c_str(), &info), 0);
    return info.st_mode & 07777U;
  }
  bool can_connect() const {
    const int client = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    const bool connected =
        ::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    ::close(client);
    return connected;
  }

  boost::asio::io_context io_;
  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST_F(UnixListenerTest, TheFileHasItsModeWhateverTheUmaskAndGoesWithTheServer) {
  for (const mode_t mask : {0022U, 0077U, 0000U}) {
    for (const unsigned wanted : {0660U, 0600U, 0666U, 0777U}) {
      const mode_t before = ::umask(mask);
      auto listener = listen(wanted);
      ::umask(before);
      ASSERT_TRUE(listener) << listener.error().message;
      EXPECT_EQ(mode(), wanted);
      EXPECT_TRUE(can_connect());
      (*listener)->close();
      EXPECT_FALSE(std::filesystem::exists(path_));
    }
  }
}

TEST_F(UnixListenerTest, TheFileOfADeadServerIsReplaced) {
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ::close(dead);
  ASSERT_TRUE(std::filesystem::exists(path_));
  const auto listener = listen();
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_TRUE(can_connect());
}

TEST_F(UnixListenerTest, TheFileOfALivingServerIsNot) {
  const auto living = listen();
  ASSERT_TRUE(living);
  EXPECT_THAT(error(), HasSubstr(path_.string() + ": another program listens there"));
  EXPECT_TRUE(can_connect());
}

TEST_F(UnixListenerTest, NorIsAnyOtherFile) {
  std::ofstream(path_) << "letters";
  EXPECT_THAT(error(), HasSubstr("which is no socket"));
  EXPECT_EQ(std::filesystem::file_size(path_), 7U);
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_THAT(error(), HasSubstr("which is no socket"));
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(folder_ / "nowhere", path_);
  EXPECT_THAT(error(), HasSubstr("which is no socket"));
}

TEST_F(UnixListenerTest, AnotherServersFileIsLeftAlone) {
  auto first = listen();
  ASSERT_TRUE(first);
  std::filesystem::remove(path_);
  auto second = listen();
  ASSERT_TRUE(second);
  (*first)->close();
  EXPECT_TRUE(can_connect());
}

TEST_F(UnixListenerTest, PathsThatCannotBe) {
  path_ = folder_ / "missing" / "socket";
  EXPECT_THAT(error(), HasSubstr("its folder must exist and be writable"));
  path_ = folder_ / std::string(200, 'x');
  EXPECT_THAT(error(), HasSubstr("at most 107 bytes"));
}

}  // namespace
}  // namespace qaio
