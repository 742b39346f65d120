// The filters on lists and numbers.
#pragma once

#include <string_view>

#include "tasks/jinja_builtins.h"

namespace qaio::jinja {

// map, select, reject, selectattr and rejectattr.
Outcome choose(std::string_view name, const Value& value, const Arguments& arguments);
// sort, unique, min and max.
Outcome ordered(std::string_view name, const Value& value, const Arguments& arguments);
Outcome sort_dict(const Value& value, const Arguments& arguments);
Outcome join(const Value& value, const Arguments& arguments);
Outcome sum(const Value& value, const Arguments& arguments);
// int, float, round and abs.
Outcome number(std::string_view name, const Value& value, const Arguments& arguments);

// Python's order of two numbers, texts or lists: negative, 0 or positive.
Outcome compare(const Value& a, const Value& b);

}  // namespace qaio::jinja
