#include "cli/commands.h"

#include <cstdio>

namespace qaio {

ExitCode exit_code_of(const Result<void>& result) {
  if (result) return ExitCode::kOk;
  std::fprintf(stderr, "qaio: %s\n", result.error().message.c_str());
  return ExitCode::kFailed;
}

}  // namespace qaio
