// What the HTTP parser lets pass in a request's head and this server does not.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "server/http/http.h"

namespace qaio {

// As Apache and hyper have it; browsers send about 20.
inline constexpr size_t kHeaderFieldsMax = 100;

// Looks at a head line by line as its bytes come, so that a fault is told at once and not when the
// rest of the head failed to come. What two programs may read differently must be refused, as the
// one in front may take for a body what the other takes for the next request (RFC 9112, 11.2).
class HeadLines {
 public:
  // The next bytes of the connection; what is behind the head is not looked at. What is wrong with
  // them: a 400 or 431.
  std::optional<HttpResponse> take(std::string_view bytes);
  size_t fields() const { return lines_ > 0 ? lines_ - 1 : 0; }  // so far

 private:
  bool complete_ = false;
  char last_ = 0;
  size_t lines_ = 0;       // that have ended
  size_t line_bytes_ = 0;  // of the one that has not
};

}  // namespace qaio
