#include "cli/terminal.h"

#include <unistd.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdio>

namespace qaio {
namespace {

constexpr int kBarWidth = 30;
constexpr auto kRedrawInterval = std::chrono::milliseconds(50);

}  // namespace

std::string Table::text() const {
  std::vector<int> widths(columns_.size(), 0);
  for (const auto& cells : rows_) {
    for (size_t i = 0; i < cells.size(); ++i)
      widths[i] = std::max(widths[i], display_width(cells[i]));
  }
  std::string text;
  for (const auto& cells : rows_) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      const auto padding = static_cast<size_t>(widths[i] - display_width(cells[i]));
      if (i > 0) line += "  ";
      if (columns_[i] == Align::kRight) line.append(padding, ' ');
      line += cells[i];
      if (columns_[i] == Align::kLeft) line.append(padding, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

int display_width(std::string_view text) {
  int width = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t code_point = 0;
    const utf8proc_ssize_t used = utf8proc_iterate(bytes, left, &code_point);
    width += used > 0 ? utf8proc_charwidth(code_point) : 1;
    bytes += std::max<utf8proc_ssize_t>(used, 1);
    left -= std::max<utf8proc_ssize_t>(used, 1);
  }
  return width;
}

std::string bytes_text(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

std::string count_text(uint64_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

Progress::Progress(std::string what) : what_(std::move(what)), terminal_(::isatty(STDERR_FILENO)) {}

Progress::~Progress() {
  if (terminal_ && drawn_.time_since_epoch().count() != 0) std::fputs("\r\033[K", stderr);
}

void Progress::update(double fraction, std::string_view detail) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - drawn_ < kRedrawInterval) return;
  drawn_ = now;
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kBarWidth);
  const std::string bar = std::string(static_cast<size_t>(filled), '#') +
                          std::string(static_cast<size_t>(kBarWidth - filled), '.');
  std::fprintf(stderr, "\r%s [%s] %3.0f %% %.*s\033[K", what_.c_str(), bar.c_str(), fraction * 100,
               static_cast<int>(detail.size()), detail.data());
  std::fflush(stderr);
}

}  // namespace qaio
