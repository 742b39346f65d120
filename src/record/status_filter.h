// Requests chosen by what became of them.
#pragma once

#include <bitset>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/outcome.h"

namespace qaio {

class StatusFilter {
 public:
  // "503", "4xx", an outcome's name, or several of them with commas. kInvalidArgument says which
  // part is none of these.
  static Result<StatusFilter> parse(std::string_view text);

  // `error`: whether the record has an error's code, as outcome_of() asks.
  bool wants(int status, bool error) const {
    return status >= 0 && status < kStatuses &&
           (error ? with_error_ : without_).test(static_cast<size_t>(status));
  }
  bool wants(const RequestRecord& record) const {
    return wants(record.status, !record.error_code.empty());
  }

  // The same for a database: a request is wanted that is in one of them.
  struct Range {
    int first;
    int last;
    std::optional<bool> error;  // absent: with or without one
  };
  std::vector<Range> ranges() const;

 private:
  static constexpr int kStatuses = 1000;

  bool add(std::string_view part);

  std::bitset<kStatuses> with_error_;  // by status
  std::bitset<kStatuses> without_;
};

}  // namespace qaio
