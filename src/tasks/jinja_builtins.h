// The filters, tests, methods and functions that chat templates use, as Python's Jinja has them.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "tasks/jinja_value.h"

namespace qaio::jinja {

struct Arguments {
  std::vector<Value> values;
  std::vector<std::pair<std::string, Value>> named;

  // The argument at a position or of a name; nullptr if it is not given.
  const Value* find(size_t position, std::string_view name) const;
};

// Or why not, as the rest of a sentence about the call.
using Outcome = tl::expected<Value, std::string>;

bool is_filter(std::string_view name);
bool is_test(std::string_view name);
bool is_method(std::string_view name);

Outcome call_filter(std::string_view name, const Value& value, const Arguments& arguments);
Outcome call_test(std::string_view name, const Value& value, const Arguments& arguments);
Outcome call_method(std::string_view name, const Value& object, const Arguments& arguments);
// range, namespace, dict and raise_exception.
Outcome call_function(std::string_view name, const Arguments& arguments);

// The characters of a text, the keys of a mapping or the elements of a list, if it is one of them.
// An undefined value has none.
Outcome elements_of(const Value& value);
// Whether `needle` is part of a text, an element of a list or a key of a mapping.
Outcome contains(const Value& haystack, const Value& needle);

}  // namespace qaio::jinja
