#include "cli/commands.h"

#include <unistd.h>

#include <string>

#include "base/bounded_write.h"

namespace qaio {

ExitCode exit_code_of(const Result<void>& result, std::chrono::milliseconds patience) {
  if (result) return ExitCode::kOk;
  write_bounded(STDERR_FILENO, "qaio: " + result.error().message + "\n", patience);
  return ExitCode::kFailed;
}

}  // namespace qaio
