// What was probably meant by a path at which there is nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace qaio {

struct KnownPath {
  std::string_view method;
  std::string_view path;  // may end in "/{name}"
};

// The end of a sentence, "; did you mean POST /v1/chat/completions?" or where things are: base URLs
// are written with and without "/v1", clients of other servers ask for those servers' paths.
std::string path_hint(std::string_view path, std::span<const KnownPath> routes);

}  // namespace qaio
