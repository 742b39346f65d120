// The archive's tables and how older archives get them; docs/archive.md describes each.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "archive/sqlite_db.h"
#include "base/result.h"

namespace qaio {

// A task's row is numbered request * kTasksPerRequest + position: the tasks of a request lie
// together and are found without another index.
inline constexpr int64_t kTasksPerRequest = 1024;
// So that its tasks have numbers, too. Rows beyond it are none of ours.
inline constexpr int64_t kRequestIdMax = std::numeric_limits<int64_t>::max() / kTasksPerRequest - 1;
constexpr bool is_request_id(int64_t id) { return id >= 0 && id <= kRequestIdMax; }

// `PRAGMA application_id`: "qaio".
inline constexpr int64_t kArchiveId = 0x7161696f;

// Statement lists; the n-th (from 1) takes an archive from version n - 1 to n. Those of released
// versions never change.
std::span<const std::string_view> archive_migrations();

// Brings a database to the newest version of `migrations`, each step in a transaction of its own,
// and sets WAL mode. kUnsupported if it is newer than that, kCorrupt if it belongs to another
// program.
Result<void> migrate(Database& database, std::span<const std::string_view> migrations);

// What a reader needs: this program's archive, in the version it knows.
Result<void> check_version(Database& database);

}  // namespace qaio
