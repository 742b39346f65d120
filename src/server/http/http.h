// HTTP messages as the endpoints see them; nothing here knows about sockets.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace qaio {

struct HttpRequest {
  std::string method;
  std::string path;       // without the query
  std::string query;      // behind '?', not decoded
  std::string parameter;  // what stands for {name} in the route
  std::string body;
  std::string client = {};           // the address it came from, without the port; Caller::client
  bool over_https = false;           // certainly, be it as far as a trusted proxy
  std::string accept = {};           // the header
  std::string origin = {};           // the header
  std::string accept_encoding = {};  // the header
  std::string if_none_match = {};    // the header
  // Who gets a share: of the API key's id where keys are asked for, else of whatever key came; of
  // the address without one.
  uint64_t client_key = 0;

  // What is long when a client wants it to be.
  size_t held_bytes() const { return body.capacity() + path.capacity() + query.capacity(); }
};

struct HttpHeader {
  std::string name;
  std::string value;
};

// About the size of a piece of a large answer.
inline constexpr size_t kPieceBytes = 32 << 10;

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<HttpHeader> headers;  // besides those every answer has
  std::string body;
  std::string error_code;  // for the record; empty on success
  // Of a large answer: makes the piece that follows `body`, and so on; an empty piece is the end.
  // Each is made when the client has taken what came before, so that one who does not read holds a
  // piece and not the whole. On the connection's executor; must be quick.
  std::function<std::string()> next_piece;
  // Of a stream: what is sent in between when nothing else was for a while.
  std::string while_silent;
  size_t held_bytes = 0;  // what next_piece holds until the end
};

// "%2F" becomes "/"; what is no such escape stays.
std::string percent_decoded(std::string_view text);

// For an answer whose parts must arrive as they are written: nginx collects the parts of others,
// and what compresses them keeps the end of each part until the next one.
std::vector<HttpHeader> unbuffered_headers();

// The status that says the same as the code.
int http_status(ErrorCode code);

// The code of what is not HTTP, or may be read in two ways.
inline constexpr std::string_view kBadHttp = "bad_http";

// When an answer of status 429 or 503 is worth asking for again; clients that know Retry-After-Ms
// prefer it.
void set_retry_after(HttpResponse& response, std::chrono::milliseconds time);

// {"error": {"code", "message", "field"?, "type", "param"}}. The last two are for OpenAI's clients:
// `type` is the kind of error, `param` repeats the field or is null. With 429 and 503 it says when
// to try again, with everything else that it is of no use to: clients take any 5xx for a passing
// fault. Messages repeat what the client sent, to him only; long ones are cut.
HttpResponse error_response(int status, std::string_view code, std::string_view message,
                            std::string_view field = {});
HttpResponse error_response(const Error& error);
// Of a request that failed by an exception: 503 if there was no memory, else it is a bug, 500.
HttpResponse failure_response(const std::exception& error);

}  // namespace qaio
