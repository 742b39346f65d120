#include "record/status_filter.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace qaio {
namespace {

constexpr int kStatusMin = 100;
constexpr int kStatusMax = 599;

std::string outcome_names() {
  std::string names;
  for (size_t i = 0; i < kOutcomeCount; ++i) {
    if (i > 0) names += ", ";
    names += outcome_name(static_cast<Outcome>(i));
  }
  return names;
}

}  // namespace

Result<StatusFilter> StatusFilter::parse(std::string_view text) {
  StatusFilter filter;
  for (bool more = true; more;) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    if (!filter.add(part)) {
      return fail(ErrorCode::kInvalidArgument,
                  "'" + std::string(part) +
                      "' is no status; give numbers as 503, classes as 4xx or outcomes (" +
                      outcome_names() + "), several with commas");
    }
    more = comma < text.size();
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return filter;
}

bool StatusFilter::add(std::string_view part) {
  const auto add_if = [this](auto wanted) {
    for (int status = 0; status < kStatuses; ++status) {
      const auto at = static_cast<size_t>(status);
      if (wanted(status, true)) with_error_.set(at);
      if (wanted(status, false)) without_.set(at);
    }
    return true;
  };
  for (size_t i = 0; i < kOutcomeCount; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    if (part == outcome_name(outcome)) {
      return add_if([&](int status, bool error) { return outcome_of(status, error) == outcome; });
    }
  }
  constexpr size_t kDigits = 3;
  if (part.size() != kDigits) return false;
  const bool is_class = part.substr(1) == "xx" || part.substr(1) == "XX";
  int number = 0;
  const char* const end = part.data() + (is_class ? 1 : kDigits);
  const auto [stop, error] = std::from_chars(part.data(), end, number);
  if (error != std::errc() || stop != end) return false;
  const int first = is_class ? 100 * number : number;
  const int last = is_class ? first + 99 : number;
  if (first < kStatusMin || last > kStatusMax) return false;
  return add_if([&](int status, bool /*error*/) { return status >= first && status <= last; });
}

std::vector<StatusFilter::Range> StatusFilter::ranges() const {
  std::vector<Range> ranges;
  for (int status = 0; status < kStatuses; ++status) {
    const bool with = wants(status, true);
    const bool without = wants(status, false);
    if (!with && !without) continue;
    const std::optional<bool> error = with && without ? std::nullopt : std::optional(with);
    if (!ranges.empty() && ranges.back().last == status - 1 && ranges.back().error == error) {
      ranges.back().last = status;
    } else {
      ranges.push_back({.first = status, .last = status, .error = error});
    }
  }
  return ranges;
}

}  // namespace qaio
