// Which members of a request the OpenAI endpoints take, which they need not heed, and which ask for
// what they cannot do.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/http/json_fields.h"

namespace qaio {

// What clients may say although there is only one answer to it.
struct FixedField {
  std::string_view name;
  std::string_view
      harmless;          // the values that ask for nothing, as a JSON array; null always is one
  std::string_view why;  // the others are refused
};

// kInvalidArgument for a member that would change the answer and cannot be heeded: a fixed one with
// another value, or one whose name is nearly one of `known`. Clients send many more members, which
// are for other servers or for none: their names are added to `ignored`.
Result<void> check_fields(const JsonFields& fields, std::span<const std::string_view> known,
                          std::span<const FixedField> fixed, std::vector<std::string>& ignored);

// Of the requests themselves; the endpoints' own fields are not among them.
std::span<const FixedField> fixed_request_fields();

}  // namespace qaio
