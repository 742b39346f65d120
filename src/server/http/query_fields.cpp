#include "server/http/query_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/time_argument.h"
#include "server/http/http.h"

namespace qaio {
namespace {

template <typename Number>
Result<std::optional<Number>> parse_number(const std::optional<std::string>& text,
                                           std::string_view name, std::string_view kind, Number min,
                                           Number max) {
  if (!text) return std::optional<Number>();
  Number value{};
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  // Written so that NaN is refused, too.
  if (error != std::errc() || stop != end || !(value >= min && value <= max)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' must be a {} from {} to {}", name, kind, min, max),
                std::string(name));
  }
  return std::optional<Number>(value);
}

}  // namespace

Result<QueryFields> QueryFields::parse(std::string_view query,
                                       std::span<const std::string_view> known) {
  QueryFields fields;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    std::string name = percent_decoded(pair.substr(0, equals));
    if (std::ranges::find(known, name) == known.end()) {
      const std::string others =
          known.empty() ? "there is none" : fmt::format("known are {}", fmt::join(known, ", "));
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("unknown parameter '{}'; {}", name, others), name);
    }
    std::string value(pair.substr(std::min(equals + 1, pair.size())));
    std::ranges::replace(value, '+', ' ');
    if (!fields.values_.emplace(name, percent_decoded(value)).second) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' must be given once", name), name);
    }
  }
  return fields;
}

std::optional<std::string> QueryFields::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::optional<int64_t>> QueryFields::integer(std::string_view name, int64_t min,
                                                    int64_t max) const {
  return parse_number<int64_t>(text(name), name, "whole number", min, max);
}

Result<std::optional<int64_t>> QueryFields::time(std::string_view name, int64_t now_unix_ms) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const Result<int64_t> moment = parse_time(*value, now_unix_ms);
  if (moment) return *moment;
  return fail(ErrorCode::kInvalidArgument, fmt::format("'{}': {}", name, moment.error().message),
              std::string(name));
}

Result<std::optional<double>> QueryFields::number(std::string_view name, double min,
                                                  double max) const {
  return parse_number<double>(text(name), name, "number", min, max);
}

Result<std::optional<size_t>> QueryFields::choice(std::string_view name,
                                                  std::span<const std::string_view> values) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto found = std::ranges::find(values, *value);
  if (found != values.end()) return static_cast<size_t>(found - values.begin());
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' must be {} or {}", name,
                          fmt::join(values.first(values.size() - 1), ", "), values.back()),
              std::string(name));
}

Result<bool> QueryFields::flag(std::string_view name) const {
  QAIO_ASSIGN(const auto value, choice(name, std::to_array<std::string_view>({"0", "1"})));
  return value == 1U;
}

}  // namespace qaio
