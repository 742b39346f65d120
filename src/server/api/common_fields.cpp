#include "server/api/common_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "engine/request.h"

namespace qaio {

Result<std::vector<std::string>> read_stops(const JsonFields& fields) {
  QAIO_ASSIGN(std::vector<std::string> stops, fields.strings("stop", kStopsMax));
  for (const std::string& stop : stops) {
    if (stop.empty() || stop.size() > kStopBytesMax) {
      return fields.must_be("stop", fmt::format("strings of 1 to {} bytes", kStopBytesMax));
    }
  }
  return stops;
}

Result<std::chrono::milliseconds> read_timeout(const JsonFields& fields,
                                               std::chrono::milliseconds time_max) {
  QAIO_ASSIGN(const auto given,
              fields.integer("timeout_ms", 1, std::numeric_limits<int32_t>::max()));
  return given ? std::min(time_max, std::chrono::milliseconds(*given)) : time_max;
}

Result<std::optional<uint64_t>> read_seed(const JsonFields& fields) {
  QAIO_ASSIGN(const auto given, fields.integer("seed", std::numeric_limits<int64_t>::min(),
                                               std::numeric_limits<int64_t>::max()));
  if (!given || *given < 0) return std::nullopt;
  return static_cast<uint64_t>(*given);
}

}  // namespace qaio
