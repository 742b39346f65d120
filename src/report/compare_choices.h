// What there is to compare: the versions, models and days of a set of records.
#pragma once

#include <string>

#include "record/compact_record.h"

namespace qaio {

// {"versions": [{"name", "requests", "answered", "first_unix_ms", "last_unix_ms"}], "models":
// [...], "days": [...]}, each in order of its first request; one line with its newline.
std::string compare_choices_json(const CompactRecords& set);

}  // namespace qaio
