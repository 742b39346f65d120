// Facts of many archived requests, read by several threads.
#pragma once

#include <functional>
#include <string>

#include "archive/archive_reader.h"
#include "base/result.h"
#include "record/compact_record.h"

namespace qaio {

// Damaged records are left out and counted. `runs` of the set are all of the archive's, from their
// start if the filter takes it. `stop` may
// be empty. Errors are those of ArchiveReader.
Result<CompactRecords> load_archive_facts(const std::string& path, const ArchiveFilter& filter,
                                          int threads, const std::function<bool()>& stop);

}  // namespace qaio
