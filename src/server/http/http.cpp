#include "server/http/http.h"

#include <charconv>
#include <new>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "base/utf8.h"

namespace qaio {
namespace {

constexpr size_t kMessageBytesMax = 2000;
constexpr size_t kFieldBytesMax = 300;

// What was sent may be a megabyte, or no UTF-8.
std::string shown(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return replace_invalid_utf8(text);
  text = text.substr(0, bytes_max);
  return replace_invalid_utf8(text.substr(0, valid_utf8_prefix(text))) + "...";
}

// In OpenAI's words.
std::string_view error_type(int status) {
  if (status == 401) return "authentication_error";
  if (status == 403) return "permission_error";
  if (status == 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<HttpHeader> unbuffered_headers() {
  return {{"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}};
}

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kUnsupported:
      return 400;
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kCancelled:  // a client that left gets no answer: we are stopping
      return 503;
    case ErrorCode::kDeadlineExceeded:
      return 504;
    case ErrorCode::kCorrupt:
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

void set_retry_after(HttpResponse& response, std::chrono::milliseconds time) {
  std::erase_if(response.headers, [](const HttpHeader& header) {
    return header.name == "Retry-After" || header.name == "Retry-After-Ms";
  });
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time);
  response.headers.push_back({"Retry-After", std::to_string(seconds.count())});
  response.headers.push_back({"Retry-After-Ms", std::to_string(time.count())});
}

HttpResponse error_response(int status, std::string_view code, std::string_view message,
                            std::string_view long_field) {
  const std::string field = shown(long_field, kFieldBytesMax);
  HttpResponse response;
  response.status = status;
  response.error_code = code;
  JsonWriter json(response.body);
  json.begin_object().key("error").begin_object();
  json.key("code").string(code).key("message").string(shown(message, kMessageBytesMax));
  if (!field.empty()) json.key("field").string(field);
  json.key("type").string(error_type(status)).key("param");
  field.empty() ? json.null() : json.string(field);
  json.end_object().end_object();
  if (status == 429 || status == 503) {
    set_retry_after(response, std::chrono::seconds(1));
  } else if (status != 408) {  // a body that was too slow may come faster
    response.headers.push_back({"X-Should-Retry", "false"});
  }
  return response;
}

HttpResponse error_response(const Error& error) {
  return error_response(http_status(error.code), error_code_name(error.code), error.message,
                        error.field);
}

HttpResponse failure_response(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return error_response(503, error_code_name(ErrorCode::kResourceExhausted),
                          "there is not enough memory for this request now; try again later");
  }
  return error_response(500, error_code_name(ErrorCode::kInternal),
                        "the request failed inside the server");
}

}  // namespace qaio
