// A request's times as clients see them: microseconds that add up exactly.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "record/record.h"

namespace qaio {

struct Figure {
  std::string name;
  int64_t us = 0;
};

// Flat and named: the headline figures, then the request lane's stages and `unattributed`, which
// tile `total`, then for each task `<task>.<stage>`, `<task>.unattributed` and `<task>.total`.
struct Breakdown {
  int64_t total_us = 0;
  std::vector<Figure> figures;
};
Breakdown make_breakdown(const RequestRecord& record);

// "total_response_time_ms", "breakdown" and "metrics" as members of the object being written.
void write_times(const RequestRecord& record, const Breakdown& breakdown, JsonWriter& json);
// The value of the Server-Timing header with the same figures.
std::string server_timing(const Breakdown& breakdown);

}  // namespace qaio
