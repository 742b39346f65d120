// A request's record as JSON for people and their tools: milliseconds since its first byte, whole
// microseconds that add up, and the derived figures. Not meant to be read back: that is
// record/record_json.h, which keeps every nanosecond.
#pragma once

#include <cstdint>
#include <optional>

#include "base/json_writer.h"
#include "record/record.h"

namespace qaio {

// One object; docs/http.md lists its members. `same_id`: how many other requests came with its id;
// lists do not say.
void write_record_view(const RequestRecord& record, JsonWriter& json,
                       std::optional<uint64_t> same_id = std::nullopt);

}  // namespace qaio
