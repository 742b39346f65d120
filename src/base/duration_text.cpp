#include "base/duration_text.h"

#include <array>
#include <charconv>

#include "base/time_units.h"

namespace qaio {
namespace {

constexpr int64_t kMsPerDay = 86'400'000;
constexpr int64_t kDaysMax = 10'000;

struct Unit {
  std::string_view name;
  int64_t ms;
};
constexpr auto kUnits = std::to_array<Unit>(
    {{"d", kMsPerDay}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}});

}  // namespace

std::optional<int64_t> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  int64_t sum_ms = 0;
  size_t next_unit = 0;
  while (!text.empty()) {
    int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || text.front() == '-') return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    const std::string_view name = text.substr(0, text.find_first_not_of("dhms"));
    while (next_unit < kUnits.size() && kUnits[next_unit].name != name) ++next_unit;
    if (next_unit == kUnits.size()) return std::nullopt;
    const int64_t unit_ms = kUnits[next_unit++].ms;
    if (count > kDaysMax * kMsPerDay / unit_ms) return std::nullopt;
    sum_ms += count * unit_ms;
    if (sum_ms > kDaysMax * kMsPerDay) return std::nullopt;
    text.remove_prefix(name.size());
  }
  return sum_ms * kMsNs;
}

std::string duration_text(int64_t ns) {
  int64_t left_ms = (ns + kMsNs / 2) / kMsNs;
  std::string text;
  for (const Unit& unit : kUnits) {
    if (left_ms < unit.ms) continue;
    text += std::to_string(left_ms / unit.ms);
    text += unit.name;
    left_ms %= unit.ms;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace qaio
