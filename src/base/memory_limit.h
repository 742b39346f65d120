// How much memory this process may fill, before the kernel ends it for that.
#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>

namespace qaio {

struct MemoryLimit {
  int64_t bytes = 0;
  std::string of;  // "this machine", or the control group
};

// The least of what the machine has and what the process's control groups (v1 and v2) and all
// groups above them allow, with the swap that is there. `bytes` is 0 where nothing says so. A limit
// on the address space or on data (ulimit -v, -d) is none of these: what is beyond it is refused
// when it is asked for. `root` is the file system's, but in tests.
MemoryLimit memory_limit(const std::filesystem::path& root = "/");

// What the process has filled that no file could give it again.
int64_t anonymous_bytes();

// The reason of an exception that says that the system refused memory or a thread, and what to do.
std::string shortage_text(const std::exception& error);

}  // namespace qaio
