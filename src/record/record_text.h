// Records as lines of CSV; docs/archive.md names the columns.
#pragma once

#include <cstdint>
#include <string>

#include "record/record.h"

namespace qaio {

// One line per request, RFC 4180: `arrived`, the columns of requests, the run's, and `tasks`, a
// JSON array of objects with the columns of tasks.
std::string csv_header();
void append_csv(const RequestRecord& record, const RunInfo& run, std::string& out);

// A list of requests to look at: `arrived`, the columns of requests but what was said, and the
// names of the tasks.
std::string csv_list_header();
void append_csv_list(const RequestRecord& record, std::string& out);

// One line per task: `arrived`, `request_id`, the run's columns, those of tasks.
std::string csv_task_header();
void append_csv_tasks(const RequestRecord& record, const RunInfo& run, std::string& out);

}  // namespace qaio
