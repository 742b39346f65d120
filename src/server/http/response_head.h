// The head of an HTTP/1.1 answer as bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "server/http/http.h"

namespace qaio {

struct ResponseFraming {
  std::optional<size_t> content_length;  // absent: a stream
  bool chunked = false;
  bool keep_alive = true;
  std::string request_id;
  std::string trace_response;    // as traceparent_text() has it
  std::string cors_origin = {};  // as SitePolicy::cors_origin() has it
  bool vary_origin = false;      // another site's page might get other headers
  int64_t wall_unix_ms = 0;
};

// Header values are cleaned of control characters: no answer can be split in two.
std::string response_head(const HttpResponse& response, const ResponseFraming& framing);

}  // namespace qaio
