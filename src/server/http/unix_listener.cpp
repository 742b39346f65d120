#include "server/http/unix_listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace qaio {
namespace {

namespace net = boost::asio;
using Protocol = net::local::stream_protocol;

constexpr size_t kPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;

tl::unexpected<Error> failed(const std::string& path, std::string_view what) {
  return fail(ErrorCode::kIo, fmt::format("cannot listen on {}: {}", path, what));
}

// Held while the file is looked at and made, so that of two servers that start at once only one
// takes the place of an old one.
class FolderLock {
 public:
  explicit FolderLock(const std::string& path) {
    const auto folder = std::filesystem::path(path).parent_path();
    descriptor_ = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ >= 0) ::flock(descriptor_, LOCK_EX);
  }
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

// Whether there is room for a socket of this name, after what is left of a dead server is gone.
Result<void> make_room(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) {
    return failed(path,
                  "there is a file of this name, which is no socket; choose another one with "
                  "--unix-socket");
  }
  net::io_context io;
  Protocol::socket probe(io);
  boost::system::error_code ec;
  probe.open(Protocol(), ec);
  probe.non_blocking(true, ec);
  probe.connect(Protocol::endpoint(path), ec);
  if (ec != net::error::connection_refused) {
    return failed(path,
                  "another program listens there: end it, or choose another socket with "
                  "--unix-socket");
  }
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return failed(path, fmt::format("the socket of a program that is gone cannot be removed: {}",
                                  std::strerror(errno)));
}

}  // namespace

Result<std::unique_ptr<UnixListener>> UnixListener::listen(ConnectionExecutor executor,
                                                           const std::string& path, unsigned mode) {
  if (path.empty() || path.size() > kPathBytesMax) {
    return failed(path, fmt::format("the path of a socket has at most {} bytes, this one has {}",
                                    kPathBytesMax, path.size()));
  }
  const FolderLock lock(path);
  QAIO_RETURN_IF_ERROR(make_room(path));
  std::unique_ptr<UnixListener> listener(new UnixListener(std::move(executor)));
  UnixAcceptor& acceptor = listener->acceptor_;
  boost::system::error_code ec;
  acceptor.open(Protocol(), ec);
  // The file gets what its socket has, less the umask; adding to that afterwards lets nobody in who
  // should stay out.
  if (!ec) ::fchmod(acceptor.native_handle(), mode);
  if (!ec) acceptor.bind(Protocol::endpoint(path), ec);
  if (ec) {
    return failed(path, fmt::format("{}; its folder must exist and be writable", ec.message()));
  }
  struct stat info {};
  ::lstat(path.c_str(), &info);
  listener->path_ = path;
  listener->device_ = info.st_dev;
  listener->inode_ = info.st_ino;
  if (::chmod(path.c_str(), mode) != 0) {
    return failed(path, fmt::format("its mode cannot be set: {}", std::strerror(errno)));
  }
  acceptor.listen(UnixAcceptor::max_listen_connections, ec);
  if (ec) return failed(path, ec.message());
  return listener;
}

void UnixListener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  if (path_.empty()) return;
  struct stat info {};
  if (::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
  path_.clear();
}

}  // namespace qaio
