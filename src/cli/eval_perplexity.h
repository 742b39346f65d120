// How well a model predicts a text.
#pragma once

#include <string>
#include <string_view>

#include "app/runtime.h"
#include "cli/commands.h"

namespace qaio {

struct PerplexityOptions {
  const RuntimeOptions& runtime;
  const std::string& file;  // as messages call the text
  int context;              // tokens of a window
  bool json;
};
Result<ExitCode> print_perplexity(const PerplexityOptions& options, std::string_view content);

}  // namespace qaio
