#include "base/bounded_write.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace qaio {

size_t write_bounded(int fd, std::string_view bytes, std::chrono::milliseconds patience) {
  size_t written = 0;
  while (written < bytes.size()) {
    pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
    const int count = ::poll(&ready, 1, static_cast<int>(patience.count()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    // Where poll() says that a pipe takes something it takes this much at once.
    const size_t piece = std::min<size_t>(bytes.size() - written, PIPE_BUF);
    const ssize_t taken = ::write(fd, bytes.data() + written, piece);
    if (taken < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (taken <= 0) break;
    written += static_cast<size_t>(taken);
  }
  return written;
}

}  // namespace qaio
