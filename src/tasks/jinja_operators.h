// The operators between two values.
#pragma once

#include <cstddef>
#include <string_view>

#include "tasks/jinja_builtins.h"

namespace qaio::jinja {

// `op`: arithmetic, comparison, "in", "not in" or "~". `bytes_max`: what the result may take.
Outcome operate(std::string_view op, const Value& left, const Value& right, size_t bytes_max);
// About the memory that a value takes; SIZE_MAX / 2 if it is nested too deeply.
size_t weight_of(const Value& value, int depth = 0);

}  // namespace qaio::jinja
