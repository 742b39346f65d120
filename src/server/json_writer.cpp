#include "server/json_writer.h"

#include <fmt/format.h>

#include <cmath>

#include "text/utf8.h"

namespace qaio {
namespace {

void append_quoted(std::string_view text, std::string& out) {
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
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace

std::string format_thousandths(int64_t value) {
  const bool negative = value < 0;
  const uint64_t magnitude =
      negative ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  return fmt::format("{}{}.{:03}", negative ? "-" : "", magnitude / 1000, magnitude % 1000);
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
  if (valid_utf8_prefix(text) == text.size()) {
    append_quoted(text, out_);
  } else {
    append_quoted(replace_invalid_utf8(text), out_);
  }
  return *this;
}

JsonWriter& JsonWriter::integer(int64_t number) { return value(fmt::format("{}", number)); }

JsonWriter& JsonWriter::number(double number) {
  return std::isfinite(number) ? value(fmt::format("{:.6g}", number)) : null();
}

JsonWriter& JsonWriter::thousandths(int64_t number) { return value(format_thousandths(number)); }

JsonWriter& JsonWriter::boolean(bool truth) { return value(truth ? "true" : "false"); }

JsonWriter& JsonWriter::null() { return value("null"); }

}  // namespace qaio
