// Text that a client, a file or another server chose, as a log or a terminal may show it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qaio {

enum class PrintableAs : uint8_t {
  kWord,  // nothing that could pass for the next word: no spaces either
  kLine,  // one line: its breaks and tabs become spaces
  kText,  // lines
};

// UTF-8 in which everything that moves a cursor, begins a line, turns the direction of writing or
// cannot be seen (control characters of C0 and C1, separators and formats of Unicode, what is
// assigned to nothing) is "?", as are bytes that are no UTF-8.
std::string printable(std::string_view text, PrintableAs as);

}  // namespace qaio
