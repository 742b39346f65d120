// The SQL of a filter.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "archive/archive_reader.h"
#include "archive/sqlite_db.h"

namespace qaio {

// How many match, counted up to the filter's limit.
Result<int64_t> matching_count(Database& database, const ArchiveFilter& filter);

// The ids of a filter's requests, in its order.
Result<std::vector<int64_t>> matching_ids(Database& database, const ArchiveFilter& filter);

// Rows between which all the filter's requests lie.
Result<IdRange> matching_range(Database& database, const ArchiveFilter& filter);

// The runs of which the filter takes every request at the start, however late it ends; those that
// only look do not count. None that retention has begun to remove.
Result<std::vector<int64_t>> runs_from_start(Database& database, ArchiveFilter filter);

// "SELECT id, <columns> FROM requests ..." of the same requests, by ascending id. Columns are
// trusted.
Result<Statement> matching_requests(Database& database, const ArchiveFilter& filter,
                                    const std::vector<std::string>& columns);

}  // namespace qaio
