// Runs a program to its end, within a time limit.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace qaio {

struct ChildCommand {
  std::vector<std::string> arguments;  // the program first, looked for in PATH; no shell
  std::vector<std::pair<std::string, std::string>> environment;  // beside what is inherited; wins
  std::string input;                                             // standard input
  std::chrono::milliseconds timeout{10'000};
  std::chrono::milliseconds grace{1'000};  // between SIGTERM and SIGKILL
};

// Longer input is refused, as a pipe takes at least so much without a reader.
inline constexpr size_t kChildInputMax = 4096;

// Waits until the child has ended with exit code 0; its standard output goes to standard error, and
// it inherits no other file. When the time is over, or `stop` says so, its process group is
// terminated. kIo: it could not be started, or ended otherwise; kDeadlineExceeded; kCancelled.
Result<void> run_child(const ChildCommand& command, const std::function<bool()>& stop);

}  // namespace qaio
