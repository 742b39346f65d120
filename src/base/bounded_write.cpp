#include "base/bounded_write.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace qaio {

BoundedWrite write_bounded(int fd, std::string_view bytes, std::chrono::milliseconds patience) {
  BoundedWrite done;
  while (done.written < bytes.size()) {
    pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
    const int count = ::poll(&ready, 1, static_cast<int>(patience.count()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      done.error = count == 0 ? ETIMEDOUT : errno;
      break;
    }
    // Where poll() says that a pipe takes something it takes this much at once.
    const size_t piece = std::min<size_t>(bytes.size() - done.written, PIPE_BUF);
    const ssize_t taken = ::write(fd, bytes.data() + done.written, piece);
    if (taken < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (taken < 0) {
      done.error = errno;
      break;
    }
    done.written += static_cast<size_t>(taken);
  }
  return done;
}

}  // namespace qaio
