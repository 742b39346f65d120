// The filters, tests, methods and functions that chat templates use, as Python's Jinja has them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "tasks/jinja_signatures.h"
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

Outcome call_filter(std::string_view name, const Value& value, const Arguments& arguments);
Outcome call_test(std::string_view name, const Value& value, const Arguments& arguments);
Outcome call_method(std::string_view name, const Value& object, const Arguments& arguments);
// range, namespace, dict, raise_exception, and strftime_now at local time `now_unix_s`.
Outcome call_function(std::string_view name, const Arguments& arguments, int64_t now_unix_s);

// The characters of a text, the keys of a mapping or the elements of a list, if it is one of them.
// An undefined value has none.
Outcome elements_of(const Value& value);
// Whether `needle` is part of a text, an element of a list or a key of a mapping.
Outcome contains(const Value& haystack, const Value& needle);

// --- For the files that hold filters and methods.

// Of one text that a call makes; the renderer counts what all of them take.
inline constexpr size_t kMadeBytesMax = size_t{64} << 20;
inline constexpr const char* kTooMuchText = "makes too much text";

tl::unexpected<std::string> refuse(std::string reason);
tl::unexpected<std::string> wrong_type(const Value& value, std::string_view wanted);
// The argument as text; none where it is absent or None.
tl::expected<std::optional<std::string_view>, std::string> text_argument(const Arguments& arguments,
                                                                         size_t position,
                                                                         std::string_view name);
// wrong_arguments() of a call that is only known now.
std::string wrong(CallKind kind, std::string_view name, const Arguments& arguments);
List pairs_of(const Dict& dict);

}  // namespace qaio::jinja
