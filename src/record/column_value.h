// One value of a table: what SQLite, CSV and JSON have in common.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

namespace qaio {

// monostate: there is none (NULL). A text is borrowed.
using ColumnValue = std::variant<std::monostate, int64_t, double, std::string_view>;

}  // namespace qaio
