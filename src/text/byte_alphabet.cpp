#include "text/byte_alphabet.h"

#include <array>

#include "base/utf8.h"

namespace qaio {
namespace {

constexpr int kCodePoints = 0x144;

constexpr bool spells_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Alphabet {
  std::array<uint16_t, 256> code_point{};
  std::array<int16_t, kCodePoints> byte{};  // -1: not in the alphabet

  constexpr Alphabet() {
    for (auto& b : byte) b = -1;
    int next = 0x100;
    for (int b = 0; b < 256; ++b) {
      const int c = spells_itself(b) ? b : next++;
      code_point[static_cast<size_t>(b)] = static_cast<uint16_t>(c);
      byte[static_cast<size_t>(c)] = static_cast<int16_t>(b);
    }
  }
};

constexpr Alphabet kAlphabet;
static_assert(kAlphabet.code_point[' '] == 0x120 && kAlphabet.code_point[0xAD] == 0x143);

}  // namespace

void append_spelling(uint8_t byte, std::string* out) {
  append_utf8(kAlphabet.code_point[byte], out);
}

bool append_spelled_bytes(std::string_view spelling, std::string* out) {
  const size_t size_before = out->size();
  while (!spelling.empty()) {
    const Utf8Char c = next_utf8_char(spelling);
    const bool known = c.kind == Utf8Char::Kind::kValid && c.code_point < kCodePoints &&
                       kAlphabet.byte[c.code_point] >= 0;
    if (!known) {
      out->resize(size_before);
      return false;
    }
    out->push_back(static_cast<char>(kAlphabet.byte[c.code_point]));
    spelling.remove_prefix(c.length);
  }
  return true;
}

}  // namespace qaio
