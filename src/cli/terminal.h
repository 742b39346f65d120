// What commands print for people: numbers with units, a progress bar, and aligned tables.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text_table.h"

namespace qaio {

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
