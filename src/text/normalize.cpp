// Most text is already normal, so the work is to find out quickly and to touch only the rest.
//
// Call a character *inert* if it is a starter (combining class 0) with the property NFC_QC = Yes:
// it neither changes by itself nor composes with, or is reordered around, what precedes it. Text
// may then be cut before every inert character and its pieces normalized one by one (UAX #15,
// section 9), and a piece consisting of one inert character is normal as it stands. So only pieces
// that contain a character that is not inert are decomposed, reordered and composed again.
//
// utf8proc_map() is not used because it reorders combining marks by a quadratic sort; a hostile
// text of 100 kB of marks would take seconds.
#include "text/normalize.h"

#include <utf8proc.h>

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/utf8.h"

namespace qaio {
namespace {

constexpr char32_t kFirstNonInert = 0x300;  // everything below is inert
constexpr char32_t kTableEnd = 0x30000;     // nothing at or above decomposes, composes or reorders

constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);

// Appends the full canonical decomposition, without reordering.
void decompose(char32_t code_point, std::vector<utf8proc_int32_t>* out) {
  utf8proc_int32_t buffer[32];  // the longest canonical decomposition has 4 code points
  const utf8proc_ssize_t count = utf8proc_decompose_char(
      static_cast<utf8proc_int32_t>(code_point), buffer, std::size(buffer), kOptions, nullptr);
  if (count < 0 || count > static_cast<utf8proc_ssize_t>(std::size(buffer))) {
    out->push_back(static_cast<utf8proc_int32_t>(code_point));
  } else {
    out->insert(out->end(), buffer, buffer + count);
  }
}

int combining_class(utf8proc_int32_t code_point) {
  return utf8proc_get_property(code_point)->combining_class;
}

// Brings decomposed code points into canonical order and composes them in place.
void reorder_and_compose(std::vector<utf8proc_int32_t>* text) {
  for (auto it = text->begin(); it != text->end();) {
    if (combining_class(*it) == 0) {
      ++it;
      continue;
    }
    const auto end = std::find_if(it, text->end(), [](auto c) { return combining_class(c) == 0; });
    std::stable_sort(it, end,
                     [](auto a, auto b) { return combining_class(a) < combining_class(b); });
    it = end;
  }
  const utf8proc_ssize_t length =
      utf8proc_normalize_utf32(text->data(), static_cast<utf8proc_ssize_t>(text->size()), kOptions);
  if (length >= 0) text->resize(static_cast<size_t>(length));
}

using InertTable = std::bitset<kTableEnd>;

bool compute_inert(char32_t code_point, const InertTable& composes_with_previous) {
  if (composes_with_previous[code_point]) return false;
  const utf8proc_property_t* property =
      utf8proc_get_property(static_cast<utf8proc_int32_t>(code_point));
  if (property->combining_class != 0) return false;
  if (property->decomp_seqindex == UINT16_MAX) return true;  // no decomposition at all
  std::vector<utf8proc_int32_t> text;
  decompose(code_point, &text);
  if (composes_with_previous[static_cast<size_t>(text[0])]) return false;
  reorder_and_compose(&text);
  return text.size() == 1 && static_cast<char32_t>(text[0]) == code_point;
}

// Characters that can be the second of a canonical composition. utf8proc does not tell directly:
// every pair is the two-part form of some composite, and Hangul jamo compose by arithmetic.
void mark_second_characters(InertTable* table) {
  for (char32_t c = 0x1161; c <= 0x1175; ++c) table->set(c);  // jungseong
  for (char32_t c = 0x11A8; c <= 0x11C2; ++c) table->set(c);  // jongseong
  std::vector<utf8proc_int32_t> text;
  for (char32_t c = 0xC0; c < kTableEnd; ++c) {
    if (c >= 0xAC00 && c <= 0xD7A3) continue;
    const auto* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
    if (property->decomp_seqindex == UINT16_MAX || property->decomp_type != 0) continue;
    text.clear();
    decompose(c, &text);
    // Full decompositions list the parts in turn; every part after the first may be a second one.
    for (size_t i = 1; i < text.size(); ++i) table->set(static_cast<size_t>(text[i]));
  }
}

std::unique_ptr<const InertTable> build_inert_table() {
  auto seconds = std::make_unique<InertTable>();
  mark_second_characters(seconds.get());
  auto inert = std::make_unique<InertTable>();
  for (char32_t c = 0; c < kTableEnd; ++c) {
    const bool always = c < kFirstNonInert || (c >= 0xAC00 && c <= 0xD7A3);
    if (always || compute_inert(c, *seconds)) inert->set(c);
  }
  return inert;
}

bool is_inert(char32_t code_point) {
  static const std::unique_ptr<const InertTable> table = build_inert_table();
  return code_point >= kTableEnd || (*table)[code_point];
}

// Length of the longest prefix whose characters are all inert.
size_t inert_prefix(std::string_view text) {
  size_t pos = 0;
  while (pos < text.size()) {
    // The lead bytes below 0xCC are those of U+0000 to U+02FF.
    if (static_cast<uint8_t>(text[pos]) < 0xCC) {
      ++pos;
      continue;
    }
    const Utf8Char c = next_utf8_char(text.substr(pos));
    if (!is_inert(c.code_point)) return pos;
    pos += c.length;
  }
  return pos;
}

// Start of the last character before `pos`; 0 if there is none.
size_t previous_char(std::string_view text, size_t pos) {
  while (pos > 0) {
    --pos;
    if ((static_cast<uint8_t>(text[pos]) & 0xC0) != 0x80) break;
  }
  return pos;
}

// Decomposes the piece at the front of `text`: its first character and every non-inert one that
// follows. Returns its length in bytes.
size_t decompose_piece(std::string_view text, std::vector<utf8proc_int32_t>* out) {
  size_t pos = 0;
  while (pos < text.size()) {
    const Utf8Char c = next_utf8_char(text.substr(pos));
    if (pos > 0 && is_inert(c.code_point)) break;
    decompose(c.code_point, out);
    pos += c.length;
  }
  return pos;
}

}  // namespace

std::string_view to_nfc(std::string_view text, std::string* storage) {
  size_t inert = inert_prefix(text);
  if (inert == text.size()) return text;
  storage->clear();
  storage->reserve(text.size());
  std::vector<utf8proc_int32_t> piece;
  while (!text.empty()) {
    if (inert == text.size()) {
      storage->append(text);
      break;
    }
    const size_t start = previous_char(text, inert);
    storage->append(text.substr(0, start));
    text.remove_prefix(start);
    piece.clear();
    text.remove_prefix(decompose_piece(text, &piece));
    reorder_and_compose(&piece);
    for (const auto c : piece) append_utf8(static_cast<char32_t>(c), storage);
    inert = inert_prefix(text);
  }
  return *storage;
}

}  // namespace qaio
