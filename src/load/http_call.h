// One HTTP exchange outside the measured load: what a load needs to know beforehand.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "load/target.h"
#include "load/transport.h"

namespace qaio {

struct HttpAnswer {
  int status = 0;
  std::string body;  // at most 8 MiB
};

// GET, or POST where there is a body; blocks. kIo when there is no connection or no complete answer
// within `timeout`.
Result<HttpAnswer> http_call(const Target& target, const Transport& transport,
                             std::string_view path, std::string body,
                             std::chrono::milliseconds timeout);

}  // namespace qaio
