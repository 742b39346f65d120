// HTTP messages as the endpoints see them; nothing here knows about sockets.
#pragma once

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
};

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<HttpHeader> headers;  // besides those every answer has
  std::string body;
  std::string error_code;  // for the record; empty on success
};

// The status that says the same as the code.
int http_status(ErrorCode code);

// {"error": {"code", "message", "field"?}} and, with 503, Retry-After.
HttpResponse error_response(int status, std::string_view code, std::string_view message,
                            std::string_view field = {});
HttpResponse error_response(const Error& error);

}  // namespace qaio
