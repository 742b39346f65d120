// What people have in the place of a model's file, told by its first bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace qaio {

// For content that is no JSON, GGUF, ... at all: what it is and what to do, as the rest of a
// sentence that begins with the file's name. nullopt if nothing is known of such content.
std::optional<std::string> wrong_content(std::string_view bytes);

}  // namespace qaio
