// Which records a command is about, as its command line says.
#pragma once

#include <string>

#include "base/result.h"
#include "record/compact_record.h"
#include "record/record_set.h"

namespace qaio {

// "FILE", "FILE@VERSION", "FILE@model=NAME", or "FILE@FROM..TO" with times as parse_time() reads
// them, either of which may be missing. A file of the whole name wins.
struct RecordsArgument {
  std::string path;
  RecordSelection selection;
};
Result<RecordsArgument> parse_records_argument(const std::string& text, int64_t now_unix_ms);

Result<RecordSet> load_records(const RecordsArgument& place);
// What reports and comparisons look at: of an archive far less than its records. Damaged ones are
// left out, which is said on standard error.
Result<CompactRecords> load_facts(const RecordsArgument& place);

}  // namespace qaio
