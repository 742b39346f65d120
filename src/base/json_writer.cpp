#include "base/json_writer.h"

#include <charconv>
#include <cmath>
#include <iterator>

#include "base/utf8.h"

namespace qaio {
namespace {

void append_valid(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          constexpr std::string_view kHex = "0123456789abcdef";
          const auto byte = static_cast<unsigned char>(c);
          out += "\\u00";
          out += kHex[byte >> 4];
          out += kHex[byte & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

// Names are texts as much as values are: one invalid byte makes a whole document unreadable.
void append_quoted(std::string_view text, std::string& out) {
  if (valid_utf8_prefix(text) == text.size()) {
    append_valid(text, out);
  } else {
    append_valid(replace_invalid_utf8(text), out);
  }
}

}  // namespace

std::string format_thousandths(int64_t value) {
  const bool negative = value < 0;
  const uint64_t magnitude =
      negative ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  const std::string rest = std::to_string(1000 + magnitude % 1000);  // three digits behind a 1
  return (negative ? "-" : "") + std::to_string(magnitude / 1000) + "." + rest.substr(1);
}

void JsonWriter::separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  out_ += text;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_quoted(name, out_);
  out_ += ':';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  separate();
  append_quoted(text, out_);
  return *this;
}

JsonWriter& JsonWriter::integer(int64_t number) { return value(std::to_string(number)); }

JsonWriter& JsonWriter::number(double number) {
  if (!std::isfinite(number)) return null();
  char text[32];
  const auto end =
      std::to_chars(std::begin(text), std::end(text), number, std::chars_format::general, 6).ptr;
  return value(std::string_view(text, end));
}

JsonWriter& JsonWriter::real(double number) {
  if (!std::isfinite(number)) return null();
  char text[32];
  return value(std::string_view(text, std::to_chars(std::begin(text), std::end(text), number).ptr));
}

JsonWriter& JsonWriter::raw(std::string_view json) { return value(json); }

JsonWriter& JsonWriter::thousandths(int64_t number) { return value(format_thousandths(number)); }

JsonWriter& JsonWriter::boolean(bool truth) { return value(truth ? "true" : "false"); }

JsonWriter& JsonWriter::null() { return value("null"); }

}  // namespace qaio
