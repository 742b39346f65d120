// The methods of texts and mappings.
#pragma once

#include <string_view>

#include "tasks/jinja_builtins.h"

namespace qaio::jinja {

Outcome text_method(std::string_view name, const MarkedText& text, const Arguments& arguments);
Outcome dict_method(std::string_view name, const Dict& dict, const Arguments& arguments);
// The filter of this name, which indents every line but the first.
Outcome indent(const MarkedText& text, const Arguments& arguments);

}  // namespace qaio::jinja
