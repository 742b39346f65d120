#include "base/json.h"

#include <string>

namespace qaio {

Result<boost::json::value> parse_json(std::string_view text, std::string_view label) {
  boost::json::parser parser({}, {.max_depth = 32});
  boost::system::error_code ec;
  const size_t parsed = parser.write(text.data(), text.size(), ec);
  if (ec) {
    return fail(ErrorCode::kInvalidArgument, std::string(label) + ": not valid JSON at byte " +
                                                 std::to_string(parsed) + ": " + ec.message());
  }
  return parser.release();
}

}  // namespace qaio
