#include "base/time_argument.h"

#include <charconv>
#include <chrono>
#include <optional>
#include <string>

namespace qaio {
namespace {

constexpr size_t kEpochDigits = 10;

// All of `text` as a number, of at most 15 digits.
std::optional<int64_t> whole_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || text.size() > 15 || text[0] == '-' || error != std::errc() ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

std::optional<int64_t> unit_ms(char unit) {
  switch (unit) {
    case 's':
      return 1000;
    case 'm':
      return 60'000;
    case 'h':
      return 3'600'000;
    case 'd':
      return 86'400'000;
    default:
      return std::nullopt;
  }
}

// Takes `digits` digits after the character `before` (0: none) from the front of `text`.
std::optional<int> take(std::string_view& text, char before, size_t digits) {
  if (before != 0) {
    if (text.empty() || text[0] != before) return std::nullopt;
    text.remove_prefix(1);
  }
  if (text.size() < digits) return std::nullopt;
  const auto number = whole_number(text.substr(0, digits));
  if (!number) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<int>(*number);
}

std::optional<int64_t> parse_date(std::string_view text) {
  using namespace std::chrono;
  if (text.ends_with('Z')) text.remove_suffix(1);
  const auto y = take(text, 0, 4);
  const auto m = take(text, '-', 2);
  const auto d = take(text, '-', 2);
  if (!y || !m || !d) return std::nullopt;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)},
                            day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  int64_t ms = duration_cast<milliseconds>(sys_days(date).time_since_epoch()).count();
  if (text.empty()) return ms;
  const auto hour_of = take(text, 'T', 2);
  const auto minute_of = take(text, ':', 2);
  const auto second_of = text.empty() ? 0 : take(text, ':', 2);
  const auto milli_of = text.empty() ? 0 : take(text, '.', 3);
  if (!hour_of || !minute_of || !second_of || !milli_of || !text.empty()) return std::nullopt;
  if (*hour_of > 23 || *minute_of > 59 || *second_of > 59) return std::nullopt;
  ms += ((*hour_of * 60 + *minute_of) * 60 + *second_of) * int64_t{1000} + *milli_of;
  return ms;
}

}  // namespace

Result<int64_t> parse_time(std::string_view text, int64_t now_unix_ms) {
  if (text.size() >= kEpochDigits) {
    if (const auto ms = whole_number(text)) return *ms;
  }
  if (const auto ms = parse_date(text)) return *ms;
  std::string_view span = text;
  if (span.ends_with(" ago")) span.remove_suffix(4);
  if (!span.empty()) {
    const auto count = whole_number(span.substr(0, span.size() - 1));
    const auto unit = unit_ms(span.back());
    if (count && unit && *count < 1'000'000'000) return now_unix_ms - *count * *unit;
  }
  return fail(ErrorCode::kInvalidArgument,
              "'" + std::string(text) +
                  "' is no time: write 2026-11-25, 2026-11-25T09:30:00Z (UTC), 15m, 2h, 7d or "
                  "milliseconds since 1970");
}

}  // namespace qaio
