#include "server/http/kernel_buffers.h"

#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace qaio {

size_t unread_bytes(int descriptor) {
  std::array<uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t bytes = sizeof(memory);
  if (getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, memory.data(), &bytes) != 0) return 0;
  // Of TCP and of Unix sockets, in this order.
  return std::max(memory[SK_MEMINFO_WMEM_QUEUED], memory[SK_MEMINFO_WMEM_ALLOC]);
}

void drop_unread_at_close(int descriptor) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

}  // namespace qaio
