// What commands print for people: aligned tables, numbers with units, a progress bar.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qaio {

// Columns of text, padded to the widest cell as terminals show it (Chinese counts double).
class Table {
 public:
  enum class Align : uint8_t { kLeft, kRight };

  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}
  // As many cells as there are columns, or fewer.
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Two spaces between columns, no trailing spaces, a newline after every row.
  std::string text() const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Columns that UTF-8 text takes in a terminal.
int display_width(std::string_view text);
// "512 B", "1.5 KiB", "261.3 MiB".
std::string bytes_text(uint64_t bytes);
// "463,987,712".
std::string count_text(uint64_t count);

// A line on standard error that is redrawn, if that is a terminal; otherwise nothing.
class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();  // wipes the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void update(double fraction, std::string_view detail = {});

 private:
  std::string what_;
  bool terminal_;
  std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace qaio
