#include "load/http_request.h"

#include <utility>

namespace qaio {

namespace http = boost::beast::http;

PostRequest http_request(const Target& target, const std::string& path, std::string body) {
  PostRequest request(http::verb::post, path, 11);
  request.set(http::field::host, target.authority());
  request.set(http::field::user_agent, "qaio load");
  request.set(http::field::accept, "text/event-stream, application/json");
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  for (const auto& [name, value] : target.headers) request.set(name, value);
  request.body() = std::move(body);
  request.prepare_payload();
  return request;
}

}  // namespace qaio
