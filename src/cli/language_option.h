// The language in which a report or comparison speaks.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "report/language.h"

namespace qaio {

inline void add_language_option(CLI::App& command, Language& language) {
  command
      .add_option_function<std::string>(
          "--lang",
          [&language](const std::string& name) {
            language = name == "zh" ? Language::kChinese : Language::kEnglish;
          },
          "Language of what it says, also in files")
      ->check(CLI::IsMember({"en", "zh"}))
      ->type_name("en|zh");
}

}  // namespace qaio
