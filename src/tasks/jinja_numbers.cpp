// The filters that make numbers of values.
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>

#include "tasks/jinja_lists.h"
#include "tasks/jinja_text.h"

namespace qaio::jinja {
namespace {

constexpr double kWholeMax = 9e15;  // whole numbers are exact as far as doubles are
constexpr int64_t kDigitsMax = 300;
constexpr size_t kNumberBytesMax = 700;  // 309 digits, a point and 300 more

// As Python's int() or float() read it: white space around, a sign, "_" between digits.
std::optional<double> read_number(const MarkedText& text, bool whole) {
  std::string digits = strip(text, Side::kBoth, {}).text;
  for (size_t at = digits.find('_'); at != std::string::npos; at = digits.find('_', at)) {
    const auto digit = [&](size_t i) {
      return i < digits.size() && digits[i] >= '0' && digits[i] <= '9';
    };
    if (at == 0 || !digit(at - 1) || !digit(at + 1)) return std::nullopt;
    digits.erase(at, 1);
  }
  if (digits.starts_with("+") && !digits.starts_with("+-")) digits.erase(0, 1);
  if (whole &&
      digits.find_first_not_of("0123456789", digits.starts_with("-") ? 1 : 0) != std::string::npos)
    return std::nullopt;
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value);
  if (read.ptr != end || digits.empty()) return std::nullopt;
  if (read.ec == std::errc::result_out_of_range) return std::nullopt;
  return value;
}

Outcome whole(double value) {
  if (!(std::abs(value) < kWholeMax)) return refuse("makes too large a number");
  return Value(static_cast<int64_t>(value));
}

Outcome to_int(const Value& value, const Arguments& arguments) {
  const Value* given = arguments.find(0, "default");
  const Value fallback = given == nullptr ? Value(int64_t{0}) : *given;
  const Value* base = arguments.find(1, "base");
  if (base != nullptr && !equal(*base, Value(int64_t{10}))) return refuse("reads base 10 alone");
  if (value.as_integer()) return value;
  if (const auto* flag = value.as_bool()) return Value(int64_t{*flag});
  std::optional<double> number;
  if (const auto* real = value.as_float()) number = *real;
  if (const auto* text = value.as_text()) {
    number = read_number(*text, true);
    if (!number) number = read_number(*text, false);
  }
  return number && std::isfinite(*number) ? whole(*number) : Outcome(fallback);
}

Outcome to_float(const Value& value, const Arguments& arguments) {
  const Value* given = arguments.find(0, "default");
  if (value.is_number() || value.as_bool()) return Value(value.number());
  const auto number = value.as_text() ? read_number(*value.as_text(), false) : std::nullopt;
  if (number) return Value(*number);
  return given == nullptr ? Value(0.0) : *given;
}

// Python's round() is right in decimal: 2.675 lies below, and halves go to the even digit.
double rounded(double value, int64_t precision) {
  char text[kNumberBytesMax];
  const auto end = std::to_chars(std::begin(text), std::end(text), value, std::chars_format::fixed,
                                 static_cast<int>(precision));
  double out = value;
  std::from_chars(text, end.ptr, out);
  return out;
}

Outcome round(const Value& value, const Arguments& arguments) {
  if (!value.is_number() && !value.as_bool()) return wrong_type(value, "a number");
  const auto method = text_argument(arguments, 1, "method");
  if (!method) return refuse(method.error());
  const Value* precision = arguments.find(0, "precision");
  const int64_t digits = precision == nullptr      ? 0
                         : precision->as_integer() ? *precision->as_integer()
                                                   : -1;
  if (digits < 0 || digits > kDigitsMax) return refuse("is given an impossible precision");
  const std::string_view how = method->value_or("common");
  if (how == "common") {
    if (value.as_float()) return Value(rounded(value.number(), digits));
    return whole(value.number());
  }
  if (how != "ceil" && how != "floor") return refuse("can go 'common', 'ceil' or 'floor'");
  const double unit = std::pow(10.0, static_cast<double>(digits));
  const double scaled = value.number() * unit;
  return Value((how == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / unit);
}

}  // namespace

Outcome number(std::string_view name, const Value& value, const Arguments& arguments) {
  if (name == "int") return to_int(value, arguments);
  if (name == "float") return to_float(value, arguments);
  if (name == "round") return round(value, arguments);
  if (!value.is_number() && !value.as_bool()) return wrong_type(value, "a number");
  if (value.as_float()) return Value(std::abs(value.number()));
  return whole(std::abs(value.number()));
}

}  // namespace qaio::jinja
