#include "tasks/jinja_lexer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/utf8.h"

namespace qaio::jinja {
namespace {

constexpr std::string_view kSpaces = " \t\n\r\f\v";

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Line breaks as "\n", without one at the very end.
std::string normalized(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
    } else if (i + 1 == source.size() || source[i + 1] != '\n') {
      out += '\n';
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string source) : source_(std::move(source)) {}

  Result<std::vector<Token>> run() {
    while (at_ < source_.size()) QAIO_RETURN_IF_ERROR(text_and_tag());
    add(TokenKind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  void add(TokenKind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }
  char peek(size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  bool follows(std::string_view text) const { return source_.compare(at_, text.size(), text) == 0; }
  void advance(size_t count) {
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(at_ + count),
                                         '\n'));
    at_ += count;
  }
  void skip_spaces() {
    advance(std::min(source_.find_first_not_of(kSpaces, at_), source_.size()) - at_);
  }

  size_t find_tag() const {
    for (size_t i = at_; i + 1 < source_.size(); ++i) {
      const char next = source_[i + 1];
      if (source_[i] == '{' && (next == '{' || next == '%' || next == '#')) return i;
    }
    return std::string::npos;
  }

  // The text up to the next tag, then the tag.
  Result<void> text_and_tag() {
    const size_t tag = find_tag();
    std::string text = source_.substr(at_, tag == std::string::npos ? tag : tag - at_);
    if (tag != std::string::npos) {
      const char kind = source_[tag + 1];
      const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
      if (sign == '-') {
        text.erase(std::min(text.find_last_not_of(kSpaces) + 1, text.size()));
      } else if (kind != '{' && sign != '+') {
        strip_line_start(text);
      }
    }
    const size_t length = tag == std::string::npos ? source_.size() - at_ : tag - at_;
    if (!text.empty()) add(TokenKind::kText, std::move(text));
    advance(length);
    if (tag == std::string::npos) return {};
    const char kind = source_[tag + 1];
    advance(2);
    if (kind == '#') return comment();
    if (kind == '%' && begins_raw()) return raw();
    if (peek() == '-' || peek() == '+') advance(1);
    return inside(kind == '{');
  }

  // lstrip_blocks: white space between the beginning of the line and the tag.
  void strip_line_start(std::string& text) const {
    const size_t line = text.rfind('\n') + 1;  // npos + 1 is 0
    if (line == 0 && !line_start_) return;
    if (text.find_first_not_of(kSpaces, line) == std::string::npos) text.erase(line);
  }

  Result<void> comment() {
    const size_t end = source_.find("#}", at_);
    if (end == std::string::npos) return template_error(line_, "a comment without an end");
    const char sign = end > at_ ? source_[end - 1] : '\0';
    advance(end + 2 - at_);
    after_tag(true, sign);
    return {};
  }

  // Whether "{%" begins {% raw %}; `name` behind white space and a sign.
  size_t end_of_raw_tag(size_t at, std::string_view name) const {
    if (at < source_.size() && (source_[at] == '-' || source_[at] == '+')) ++at;
    at = std::min(source_.find_first_not_of(kSpaces, at), source_.size());
    if (source_.compare(at, name.size(), name) != 0) return std::string::npos;
    at = std::min(source_.find_first_not_of(kSpaces, at + name.size()), source_.size());
    if (at < source_.size() && (source_[at] == '-' || source_[at] == '+')) ++at;
    return source_.compare(at, 2, "%}") == 0 ? at + 2 : std::string::npos;
  }
  bool begins_raw() const { return end_of_raw_tag(at_, "raw") != std::string::npos; }

  // All up to {% endraw %} is text.
  Result<void> raw() {
    const size_t end = end_of_raw_tag(at_, "raw");
    const bool strips = source_[end - 3] == '-';
    advance(end - at_);
    line_start_ = false;
    if (strips) after_tag(false, '-');
    for (size_t tag = source_.find("{%", at_); tag != std::string::npos;
         tag = source_.find("{%", tag + 2)) {
      const size_t tag_end = end_of_raw_tag(tag + 2, "endraw");
      if (tag_end == std::string::npos) continue;
      std::string text = source_.substr(at_, tag - at_);
      if (source_[tag + 2] == '-') {
        text.erase(std::min(text.find_last_not_of(kSpaces) + 1, text.size()));
      } else if (source_[tag + 2] != '+') {
        strip_line_start(text);
      }
      if (!text.empty()) add(TokenKind::kText, std::move(text));
      const char sign = source_[tag_end - 3];
      advance(tag_end - at_);
      after_tag(true, sign);
      return {};
    }
    return template_error(line_, "{% raw %} without {% endraw %}");
  }

  // trim_blocks: one line break after a block or comment; "-" drops all white space.
  void after_tag(bool block, char sign) {
    line_start_ = false;
    if (sign == '-') {
      const size_t before = at_;
      skip_spaces();
      line_start_ = at_ > before && source_[at_ - 1] == '\n';
    } else if (block && sign != '+' && peek() == '\n') {
      advance(1);
      line_start_ = true;
    }
  }

  Result<void> inside(bool print) {
    add(print ? TokenKind::kPrintBegin : TokenKind::kBlockBegin, "");
    const std::string_view end = print ? "}}" : "%}";
    int braces = 0;
    while (true) {
      skip_spaces();
      if (at_ >= source_.size()) return template_error(line_, "a tag without an end");
      const bool sign = peek() == '-' || (!print && peek() == '+');
      const bool ends =
          braces == 0 && (follows(end) || (sign && source_.compare(at_ + 1, 2, end) == 0));
      if (ends) {
        const char mark = sign ? peek() : '\0';
        add(print ? TokenKind::kPrintEnd : TokenKind::kBlockEnd, "");
        advance(sign ? 3 : 2);
        after_tag(!print, mark);
        return {};
      }
      QAIO_RETURN_IF_ERROR(word(braces));
    }
  }

  Result<void> word(int& braces) {
    const char c = peek();
    if (is_name_start(c)) {
      size_t length = 1;
      while (is_name_start(peek(length)) || is_digit(peek(length))) ++length;
      add(TokenKind::kName, source_.substr(at_, length));
      advance(length);
      return {};
    }
    if (is_digit(c)) return number();
    if (c == '"' || c == '\'') return string();
    constexpr auto kOperators = std::to_array<std::string_view>(
        {"==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "|",
         "(",  ")",  "[",  "]",  "{",  "}",  "<", ">", "=", ".", ",", ":"});
    for (const std::string_view op : kOperators) {
      if (!follows(op)) continue;
      braces += op == "{" ? 1 : op == "}" ? -1 : 0;
      add(TokenKind::kOperator, std::string(op));
      advance(op.size());
      return {};
    }
    return template_error(line_, "an unexpected character in a tag");
  }

  Result<void> number() {
    size_t length = 1;
    while (is_digit(peek(length))) ++length;
    bool real = peek(length) == '.' && is_digit(peek(length + 1));
    if (real) {
      ++length;
      while (is_digit(peek(length))) ++length;
    }
    const bool is_signed = peek(length + 1) == '-' || peek(length + 1) == '+';
    if ((peek(length) == 'e' || peek(length) == 'E') && is_digit(peek(length + 1 + is_signed))) {
      real = true;
      length += 1 + is_signed;
      while (is_digit(peek(length))) ++length;
    }
    if (length > 18) return template_error(line_, "a number with too many digits");
    add(real ? TokenKind::kFloat : TokenKind::kInteger, source_.substr(at_, length));
    advance(length);
    return {};
  }

  Result<void> string() {
    const char quote = peek();
    std::string text;
    size_t i = at_ + 1;
    while (i < source_.size() && source_[i] != quote) {
      if (source_[i] == '\\' && i + 1 < source_.size()) {
        i = escape(i + 1, text);
      } else {
        text += source_[i++];
      }
    }
    if (i >= source_.size()) return template_error(line_, "a string without an end");
    add(TokenKind::kString, std::move(text));
    advance(i + 1 - at_);
    return {};
  }

  // The escape whose letter is at `i`; returns where the next character is.
  size_t escape(size_t i, std::string& text) const {
    constexpr std::string_view kLetters = "ntrfvab\\'\"";
    constexpr std::string_view kMeanings = "\n\t\r\f\v\a\b\\'\"";
    const char letter = source_[i];
    if (const size_t at = kLetters.find(letter); at != std::string_view::npos) {
      text += kMeanings[at];
      return i + 1;
    }
    if (letter == '\n') return i + 1;
    const size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    uint32_t code = 0;
    const char* begin = source_.data() + i + 1;
    const char* end = begin + std::min(digits, source_.size() - i - 1);
    const bool whole = digits > 0 && std::from_chars(begin, end, code, 16).ptr == begin + digits;
    if (whole && code < 0x110000 && (code < 0xD800 || code > 0xDFFF)) {
      append_utf8(code, &text);
      return i + 1 + digits;
    }
    text += '\\';
    text += letter;
    return i + 1;
  }

  const std::string source_;
  size_t at_ = 0;
  int line_ = 1;
  bool line_start_ = true;  // nothing but a line break stands before the text
  std::vector<Token> tokens_;
};

}  // namespace

tl::unexpected<Error> template_error(int line, const std::string& reason) {
  return fail(ErrorCode::kUnsupported, "line " + std::to_string(line) + ": " + reason);
}

Result<std::vector<Token>> tokenize(std::string_view source) {
  return Lexer(normalized(source)).run();
}

}  // namespace qaio::jinja
