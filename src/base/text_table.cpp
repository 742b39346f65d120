#include "base/text_table.h"

#include <utf8proc.h>

#include <algorithm>

#include "base/printable.h"

namespace qaio {

void Table::row(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = printable(cell, PrintableAs::kLine);
  rows_.push_back(std::move(cells));
}

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

}  // namespace qaio
