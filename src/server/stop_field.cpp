#include "server/stop_field.h"

#include <fmt/format.h>

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

}  // namespace qaio
