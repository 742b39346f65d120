// Errors are values: every fallible function returns Result<T>.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace qaio {

enum class ErrorCode {
  kInvalidArgument,    // the caller's input is wrong; retrying unchanged cannot help
  kNotFound,           // a named file, task, request or option does not exist
  kUnsupported,        // well-formed, but of a kind this program does not handle
  kCorrupt,            // a file contradicts itself or its format
  kResourceExhausted,  // a configured maximum was reached; retrying later can help
  kCancelled,          // the client left or the program is stopping
  kDeadlineExceeded,   // the request's time ran out
  kIo,                 // the operating system refused; the message holds its reason
  kInternal,           // a bug
};

// snake_case name as used in JSON error bodies, e.g. "invalid_argument".
std::string_view error_code_name(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // one sentence a user can act on, without a trailing newline
  std::string field;    // the offending input field, empty if none
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string field = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(field)});
}

// Propagation: QAIO_ASSIGN(auto x, f());   QAIO_RETURN_IF_ERROR(g());
#define QAIO_CONCAT_INNER(a, b) a##b
#define QAIO_CONCAT(a, b) QAIO_CONCAT_INNER(a, b)
#define QAIO_ASSIGN_IMPL(tmp, decl, expr)                                 \
  auto tmp = (expr);                                                      \
  if (!tmp) return tl::unexpected<::qaio::Error>(std::move(tmp.error())); \
  decl = std::move(*tmp)
#define QAIO_ASSIGN(decl, expr) QAIO_ASSIGN_IMPL(QAIO_CONCAT(qaio_result_, __LINE__), decl, expr)
#define QAIO_RETURN_IF_ERROR(expr)                                          \
  do {                                                                      \
    if (auto qaio_status = (expr); !qaio_status)                            \
      return tl::unexpected<::qaio::Error>(std::move(qaio_status.error())); \
  } while (false)

}  // namespace qaio
