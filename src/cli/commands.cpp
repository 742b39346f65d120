#include "cli/commands.h"

#include <unistd.h>

#include <string>

#include "base/bounded_write.h"
#include "base/printable.h"

namespace qaio {

ExitCode exit_code_of(const Result<void>& result, std::chrono::milliseconds patience) {
  if (result) return ExitCode::kOk;
  write_bounded(STDERR_FILENO,
                "qaio: " + printable(result.error().message, PrintableAs::kText) + "\n", patience);
  return ExitCode::kFailed;
}

}  // namespace qaio
