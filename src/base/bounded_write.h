// Writing to whoever may not read: a pipe that is full, a terminal that was stopped.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace qaio {

struct BoundedWrite {
  size_t written = 0;  // bytes
  int error = 0;       // of errno: why there are no more of them; ETIMEDOUT: nothing was taken
};

// Writes until all is written, nothing was taken for `patience` (-1 ms: it does not end), or
// writing failed. The descriptor stays as it is, as other processes share it. Safe in signal
// handlers. A write waits longer only where poll(2) cannot tell: a disk that hangs, or another
// process that fills the same pipe in that very moment.
BoundedWrite write_bounded(int fd, std::string_view bytes, std::chrono::milliseconds patience);

}  // namespace qaio
