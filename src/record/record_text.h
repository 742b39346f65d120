// Records as lines of CSV; docs/archive.md names the columns.
#pragma once

#include <cstdint>
#include <string>

#include "record/record.h"

namespace qaio {

// "2026-11-25T09:30:00.123Z".
std::string utc_text(int64_t unix_ms);
// The same for a file's name: 20260921T141320123Z.
std::string utc_file_text(int64_t unix_ms);

// One line per request, RFC 4180: `arrived`, the columns of requests, the run's, and `tasks`, a
// JSON array of objects with the columns of tasks.
std::string csv_header();
void append_csv(const RequestRecord& record, const RunInfo& run, std::string& out);

// One line per task: `arrived`, `request_id`, the run's columns, those of tasks.
std::string csv_task_header();
void append_csv_tasks(const RequestRecord& record, const RunInfo& run, std::string& out);

}  // namespace qaio
