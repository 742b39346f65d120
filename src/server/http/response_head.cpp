#include "server/http/response_head.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <iterator>

namespace qaio {
namespace {

void append_header(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  std::ranges::copy_if(value, std::back_inserter(head),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
  head += "\r\n";
}

}  // namespace

std::string response_head(const HttpResponse& response, const ResponseFraming& framing) {
  const auto status = static_cast<boost::beast::http::status>(response.status);
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status,
                                 std::string_view(boost::beast::http::obsolete_reason(status)));
  append_header(head, "Date",
                fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}",
                            fmt::gmtime(static_cast<std::time_t>(framing.wall_unix_ms / 1000))));
  // RFC 9110, 8.6: 204 has no content whose length it could say, and 304 would say that of 200.
  const bool without_length = response.status == 204 || response.status == 304;
  if (response.status != 204) append_header(head, "Content-Type", response.content_type);
  if (framing.content_length && !without_length) {
    append_header(head, "Content-Length", std::to_string(*framing.content_length));
  } else if (framing.chunked) {
    append_header(head, "Transfer-Encoding", "chunked");
  }
  append_header(head, "Connection", framing.keep_alive ? "keep-alive" : "close");
  if (!framing.request_id.empty()) append_header(head, "X-Request-Id", framing.request_id);
  // `traceparent` is defined for requests only; the draft of W3C's next edition names this one.
  if (!framing.trace_response.empty()) append_header(head, "traceresponse", framing.trace_response);
  if (framing.vary_origin) append_header(head, "Vary", "Origin");
  if (!framing.cors_origin.empty()) {
    append_header(head, "Access-Control-Allow-Origin", framing.cors_origin);
    append_header(head, "Access-Control-Expose-Headers",
                  "X-Request-Id, Retry-After, Retry-After-Ms, X-Should-Retry, Server-Timing, "
                  "X-Ignored-Fields, X-Prompt-Version, traceresponse");
    append_header(head, "Timing-Allow-Origin", framing.cors_origin);  // of Server-Timing
  }
  for (const HttpHeader& header : response.headers) {
    append_header(head, header.name, header.value);
  }
  head += "\r\n";
  return head;
}

}  // namespace qaio
