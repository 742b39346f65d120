// What there is to compare: the versions, models and days of a set of records.
#pragma once

#include <string>

#include "record/compact_record.h"

namespace qaio {

// {"versions": [{"name", "requests", "answered", "first_unix_ms", "last_unix_ms"}], "models":
// [...], "days": [...], "middle_unix_ms"}, the lists in order of their first request; one line with
// its newline. As many requests arrived before the middle as since then.
std::string compare_choices_json(const CompactRecords& set);

}  // namespace qaio
