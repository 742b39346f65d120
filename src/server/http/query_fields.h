// The query of a request as validated fields; refuses as JsonFields does.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace qaio {

class QueryFields {
 public:
  // "a=1&b=x%20y". kInvalidArgument for a field that is not among `known`, or that comes twice.
  static Result<QueryFields> parse(std::string_view query, std::span<const std::string_view> known);

  // Absent without the field; kInvalidArgument names it.
  std::optional<std::string> text(std::string_view name) const;
  Result<std::optional<int64_t>> integer(std::string_view name, int64_t min, int64_t max) const;
  // A moment as parse_time() reads it.
  Result<std::optional<int64_t>> time(std::string_view name, int64_t now_unix_ms) const;
  Result<std::optional<double>> number(std::string_view name, double min, double max) const;
  // The place of its value among these; absent without the field.
  Result<std::optional<size_t>> choice(std::string_view name,
                                       std::span<const std::string_view> values) const;
  // 0 or 1; false without the field.
  Result<bool> flag(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace qaio
