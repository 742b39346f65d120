// Writing to whoever may not read: a pipe that is full, a terminal that was stopped.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace qaio {

// Writes until all is written or nothing more was taken for `patience`; how many bytes were. The
// descriptor stays as it is, as other processes share it. Safe in signal handlers. A write waits
// longer only where poll(2) cannot tell: a disk that hangs, or another process that fills the same
// pipe in that very moment.
size_t write_bounded(int fd, std::string_view bytes, std::chrono::milliseconds patience);

}  // namespace qaio
