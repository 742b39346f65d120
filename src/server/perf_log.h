// The [PERF] line: the first consumer of request records.
#pragma once

#include <memory>

#include "server/record.h"

namespace spdlog {
class logger;
}

namespace qaio {

// One line at level info per request: id, status, and the main times in ms.
RecordSink perf_log(std::shared_ptr<spdlog::logger> logger);

}  // namespace qaio
