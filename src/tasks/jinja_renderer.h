// Renders a parsed chat template.
#pragma once

#include <vector>

#include "base/result.h"
#include "tasks/jinja_ast.h"

namespace qaio::jinja {

// `variables` are what the template finds beside its own names. Work and memory are bounded: as
// many steps and bytes as a template of conversations this long can need. kInvalidArgument with the
// template's own words if it calls raise_exception(), kUnsupported with line and reason for the
// rest.
// `now_unix_s`: the time that strftime_now() writes.
Result<MarkedText> render(const std::vector<Statement>& program, Dict variables,
                          int64_t now_unix_s);

}  // namespace qaio::jinja
