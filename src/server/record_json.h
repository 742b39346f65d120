// A request's record as JSON.
#pragma once

#include "base/json_writer.h"
#include "observe/record.h"

namespace qaio {

// One object; docs/http.md lists its members.
void write_record(const RequestRecord& record, JsonWriter& json);

}  // namespace qaio
