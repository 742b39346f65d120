// A token's text as an error may show it.
#pragma once

#include <string>
#include <string_view>

namespace qaio {

// In quotation marks, cut after 40 bytes.
inline std::string in_quotes(std::string_view text) {
  constexpr size_t kShown = 40;
  return "\"" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "...\"" : "\"");
}

}  // namespace qaio
