// From the source of a chat template to its tree.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "tasks/jinja_ast.h"

namespace qaio::jinja {

// kUnsupported, with the line and the reason, for what is no Jinja or is beyond the part that chat
// templates use: includes, inheritance, call blocks, and filters, tests or methods not listed in
// jinja_builtins.h. Depth and size of the tree are bounded, so that nobody overflows a stack.
Result<std::vector<Statement>> parse(std::string_view source);

}  // namespace qaio::jinja
