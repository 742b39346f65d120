// Text in aligned columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qaio {

// Columns of text, padded to the widest cell as terminals show it (Chinese counts double).
class Table {
 public:
  enum class Align : uint8_t { kLeft, kRight };

  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}
  // As many cells as there are columns, or fewer. What a line cannot show becomes "?".
  void row(std::vector<std::string> cells);
  // Two spaces between columns, no trailing spaces, a newline after every row.
  std::string text() const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Columns that UTF-8 text takes in a terminal.
int display_width(std::string_view text);

}  // namespace qaio
