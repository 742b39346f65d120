// For tests: the file that such text is.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "config/toml_file.h"

namespace qaio {

inline TomlFile toml_of(std::string_view text, std::string name = "qaio.toml") {
  return TomlFile::parse(text, std::move(name)).value();
}

}  // namespace qaio
