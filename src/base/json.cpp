#include "base/json.h"

#include <string>

#include "base/wrong_content.h"

namespace qaio {

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

Result<boost::json::value> parse_json(std::string_view text, std::string_view label) {
  text = without_byte_order_mark(text);
  boost::json::parser parser({}, {.max_depth = 32});
  boost::system::error_code ec;
  const size_t parsed = parser.write(text.data(), text.size(), ec);
  if (!ec) return parser.release();
  const std::string name(label);
  if (const auto wrong = text.empty() ? std::nullopt : wrong_content(text))
    return fail(ErrorCode::kInvalidArgument, name + ": " + *wrong);
  return fail(ErrorCode::kInvalidArgument,
              name + ": not valid JSON at byte " + std::to_string(parsed) + ": " + ec.message());
}

}  // namespace qaio
