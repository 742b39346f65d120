#include "server/http/head_lines.h"

#include <fmt/format.h>

namespace qaio {

std::optional<HttpResponse> HeadLines::take(std::string_view bytes) {
  for (const char c : bytes) {
    if (complete_) return std::nullopt;
    const bool first = line_bytes_ == 0;
    if ((c == '\n') != (last_ == '\r')) {
      return error_response(400, kBadHttp, "not a valid HTTP request: lines must end with CR LF");
    }
    if (first && lines_ > 0 && (c == ' ' || c == '\t')) {
      return error_response(400, kBadHttp,
                            "not a valid HTTP request: a header goes on in the next line, which "
                            "HTTP no longer allows");
    }
    last_ = c;
    if (c != '\n') {
      ++line_bytes_;
      continue;
    }
    complete_ = line_bytes_ == 1;  // nothing but its CR
    line_bytes_ = 0;
    if (complete_) continue;
    if (++lines_ > kHeaderFieldsMax + 1) {
      return error_response(
          431, "header_too_large",
          fmt::format("the request header has more than {} fields", kHeaderFieldsMax));
    }
  }
  return std::nullopt;
}

}  // namespace qaio
