#include "tasks/jinja_json.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/utf8.h"

namespace qaio::jinja {
namespace {

class JsonPrinter {
 public:
  explicit JsonPrinter(const JsonStyle& style) : style_(style) {}

  void value(const Value& value) {
    if (const auto* text = value.as_text()) return quoted(text->text);
    if (const auto* flag = value.as_bool()) {
      out_ += *flag ? "true" : "false";
    } else if (const auto* real = value.as_float(); real != nullptr && !std::isfinite(*real)) {
      out_ += std::isnan(*real) ? "NaN" : *real < 0 ? "-Infinity" : "Infinity";
    } else if (value.is_number()) {
      out_ += to_text(value).text;
    } else if (const auto* list = value.as_list()) {
      open('[');
      for (const Value& element : *list) {
        separate(&element == &list->front());
        this->value(element);
      }
      close(']', list->empty());
    } else if (const auto* dict = value.as_dict()) {
      entries(*dict);
    } else {
      out_ += "null";
    }
  }
  std::string take() { return std::move(out_); }

 private:
  void entries(const Dict& dict) {
    std::vector<const std::pair<std::string, Value>*> order;
    for (const auto& entry : dict.entries) order.push_back(&entry);
    if (style_.sort_keys)
      std::ranges::stable_sort(order, [](auto* a, auto* b) { return a->first < b->first; });
    open('{');
    for (const auto* entry : order) {
      separate(entry == order.front());
      quoted(entry->first);
      out_ += style_.key_separator;
      value(entry->second);
    }
    close('}', order.empty());
  }

  void open(char bracket) {
    out_ += bracket;
    ++depth_;
  }
  void close(char bracket, bool empty) {
    --depth_;
    if (!empty) break_line();
    out_ += bracket;
  }
  void separate(bool first) {
    if (!first) out_ += style_.item_separator;
    break_line();
  }
  void break_line() {
    if (!style_.indent) return;
    out_ += '\n';
    for (int i = 0; i < depth_; ++i) out_ += *style_.indent;
  }

  void quoted(std::string_view text) {
    constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
    constexpr std::string_view kLetters = "\"\\bfnrt";
    out_ += '"';
    while (!text.empty()) {
      const Utf8Char c = next_utf8_char(text);
      const std::string_view bytes = text.substr(0, c.length);
      text.remove_prefix(c.length);
      const size_t letter = bytes.size() == 1 ? kEscaped.find(bytes[0]) : std::string_view::npos;
      if (letter != std::string_view::npos) {
        out_ += '\\';
        out_ += kLetters[letter];
      } else if (c.kind == Utf8Char::Kind::kValid &&
                 (c.code_point < 0x20 || (style_.ascii && c.code_point > 0x7E))) {
        escape(c.code_point);
      } else {
        out_ += bytes;
      }
    }
    out_ += '"';
  }
  void escape(char32_t c) {
    auto point = static_cast<uint32_t>(c);
    if (point >= 0x10000) {
      point -= 0x10000;
      four_digits(0xD800 + (point >> 10));
      point = 0xDC00 + (point & 0x3FF);
    }
    four_digits(point);
  }
  void four_digits(uint32_t unit) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out_ += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out_ += kHex[(unit >> shift) & 15];
  }

  const JsonStyle& style_;
  std::string out_;
  int depth_ = 0;
};

}  // namespace

std::string to_json(const Value& value, const JsonStyle& style) {
  JsonPrinter printer(style);
  printer.value(value);
  return printer.take();
}

}  // namespace qaio::jinja
