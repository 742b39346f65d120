#include "tasks/jinja_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace qaio::jinja {
namespace {

// 1.0, 0.5, 1e+16: with a point where Python has one.
std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  std::string text(digits, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

// repr(): in the quotes that it does not hold, line breaks and other control characters escaped.
void append_quoted(const MarkedText& text, MarkedText& out) {
  const bool single =
      text.text.find('\'') == std::string::npos || text.text.find('"') != std::string::npos;
  const std::string_view quote = single ? "'" : "\"";
  out.append(quote, TextOrigin::kTemplate);
  for (size_t i = 0; i < text.text.size(); ++i) {
    const char c = text.text[i];
    constexpr std::string_view kEscaped = "\\\n\r\t";
    constexpr std::string_view kLetters = "\\nrt";
    std::string bytes(1, c);
    if (const size_t at = kEscaped.find(c); at != std::string_view::npos) {
      bytes = {'\\', kLetters[at]};
    } else if (c == quote[0]) {
      bytes = {'\\', c};
    } else if (static_cast<uint8_t>(c) < 0x20 || c == 0x7F) {
      constexpr std::string_view kHex = "0123456789abcdef";
      bytes = {'\\', 'x', kHex[static_cast<uint8_t>(c) >> 4], kHex[c & 15]};
    }
    out.append(bytes, static_cast<TextOrigin>(text.origins[i]));
  }
  out.append(quote, TextOrigin::kTemplate);
}

}  // namespace

const Value* Dict::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name == key) return &value;
  }
  return nullptr;
}

void Dict::set(std::string_view key, Value value) {
  for (auto& [name, old] : entries) {
    if (name == key) {
      old = std::move(value);
      return;
    }
  }
  entries.emplace_back(key, std::move(value));
}

bool Value::truthy() const {
  if (const auto* flag = as_bool()) return *flag;
  if (is_number()) return number() != 0;
  if (const auto* text = as_text()) return !text->text.empty();
  if (const auto* list = as_list()) return !list->empty();
  if (const auto* dict = as_dict()) return dict->is_namespace || !dict->entries.empty();
  return is_function();
}

double Value::number() const {
  if (const auto* flag = as_bool()) return *flag ? 1 : 0;
  if (const auto* integer = as_integer()) return static_cast<double>(*integer);
  const auto* real = as_float();
  return real == nullptr ? 0 : *real;
}

std::string_view Value::type_name() const {
  constexpr std::string_view kNames[] = {"undefined", "none",      "a boolean", "a number",
                                         "a number",  "a text",    "a list",    "a mapping",
                                         "a macro",   "a function"};
  return kNames[data_.index()];
}

bool equal(const Value& a, const Value& b) {
  const bool numbers = (a.is_number() || a.as_bool()) && (b.is_number() || b.as_bool());
  if (numbers) return a.number() == b.number();
  if (a.as_text() && b.as_text()) return a.as_text()->text == b.as_text()->text;
  if (a.as_list() && b.as_list()) return std::ranges::equal(*a.as_list(), *b.as_list(), equal);
  if (a.as_dict() && b.as_dict()) {
    const auto& entries = a.as_dict()->entries;
    return entries.size() == b.as_dict()->entries.size() &&
           std::ranges::all_of(entries, [&](const auto& entry) {
             const Value* other = b.as_dict()->find(entry.first);
             return other != nullptr && equal(entry.second, *other);
           });
  }
  return (a.is_none() && b.is_none()) || (a.is_undefined() && b.is_undefined());
}

MarkedText to_text(const Value& value, bool quoted) {
  MarkedText out;
  const auto plain = [&](std::string_view text) { out.append(text, TextOrigin::kTemplate); };
  if (const auto* text = value.as_text()) {
    quoted ? append_quoted(*text, out) : out.append(*text);
  } else if (const auto* flag = value.as_bool()) {
    plain(*flag ? "True" : "False");
  } else if (const auto* integer = value.as_integer()) {
    plain(std::to_string(*integer));
  } else if (const auto* real = value.as_float()) {
    plain(float_text(*real));
  } else if (value.is_none()) {
    plain("None");
  } else if (const auto* list = value.as_list()) {
    plain("[");
    for (size_t i = 0; i < list->size(); ++i) {
      if (i > 0) plain(", ");
      out.append(to_text((*list)[i], true));
    }
    plain("]");
  } else if (const auto* dict = value.as_dict()) {
    plain("{");
    for (size_t i = 0; i < dict->entries.size(); ++i) {
      if (i > 0) plain(", ");
      append_quoted(MarkedText(dict->entries[i].first, TextOrigin::kMessage), out);
      plain(": ");
      out.append(to_text(dict->entries[i].second, true));
    }
    plain("}");
  }
  return out;
}

}  // namespace qaio::jinja
