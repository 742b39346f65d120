// For tests that hold docs/*.md against the code.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace qaio {

inline std::string source_text(const std::string& path) {
  std::ifstream file(std::string(QAIO_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// The names in backquotes in the first cells of the table under the heading, in order.
inline std::vector<std::string> documented_names(const std::string& path,
                                                 const std::string& heading) {
  static const std::regex kName("`([^`]+)`");
  std::istringstream lines(source_text(path));
  std::vector<std::string> names;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) inside = line == heading;
    if (!inside || !line.starts_with("| `")) continue;
    const std::string cell = line.substr(1, line.find(" | ", 1));
    for (std::sregex_iterator name(cell.begin(), cell.end(), kName), end; name != end; ++name) {
      names.push_back((*name)[1]);
    }
  }
  return names;
}

// The data members of a struct without functions or nested types, in order.
inline std::vector<std::string> struct_fields(const std::string& path, const std::string& name) {
  static const std::regex kComment("//[^\n]*");
  static const std::regex kField(R"((\w+)\s*(?:=[^;]*|\{\})?;)");
  const std::string text = std::regex_replace(source_text(path), kComment, "");
  const std::string head = "struct " + name + " {";
  const size_t begin = text.find(head);
  const size_t end = text.find("\n};", begin);
  EXPECT_TRUE(begin != std::string::npos && end != std::string::npos) << name << " in " << path;
  std::vector<std::string> names;
  if (end == std::string::npos) return names;
  const std::string body = text.substr(begin + head.size(), end - begin - head.size());
  for (std::sregex_iterator field(body.begin(), body.end(), kField), last; field != last; ++field) {
    names.push_back((*field)[1]);
  }
  return names;
}

}  // namespace qaio
