// Records as tables: one row per request and one per task. The archive, its reader, CSV and JSON
// all take names, order and values from here; docs/archive.md explains each column.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "record/column_value.h"
#include "record/record.h"
#include "record/rounded_times.h"

namespace qaio {

// A request with what is derived from it.
struct RequestRow {
  explicit RequestRow(const RequestRecord& of)
      : record(of),
        lane(lane_micros(of.lane)),
        times(request_micros(of)),
        client(client_micros(of)) {}
  const RequestRecord& record;
  LaneMicros lane;
  RequestMicros times;
  std::optional<ClientMicros> client;
};

// "8:118 9:3": 118 gaps in range 8 and 3 in range 9, both from 0; empty without gaps.
std::string gap_text(const GapCounts& counts);
// The same back; what is no such text counts as nothing.
GapCounts gap_counts(std::string_view text);

// Events of a task are told from the request's begin.
struct TaskRow {
  TaskRow(const TaskRecord& of, TimeNs request_begin_ns)
      : task(of),
        origin_ns(request_begin_ns),
        lane(lane_micros(of.lane)),
        gaps(gap_text(of.counters.gap_counts)) {}
  const TaskRecord& task;
  TimeNs origin_ns;
  LaneMicros lane;
  std::string gaps;
};

template <typename Row, typename Record>
struct Column {
  std::string_view name;
  // Texts live as long as the row.
  ColumnValue (*get)(const Row& row);
  // Puts back what get() took; null for what follows from other columns or the lane. `origin_ns` is
  // the request's begin.
  void (*set)(Record& record, const ColumnValue& value, TimeNs origin_ns);
};
using RequestColumn = Column<RequestRow, RequestRecord>;
using TaskColumn = Column<TaskRow, TaskRecord>;

// Those a report sums over stand first: a reader of a row stops at the last column it wants.
std::span<const RequestColumn> request_columns();
// Of them: what comes after the record, if at all.
std::span<const RequestColumn> client_columns();
std::span<const TaskColumn> task_columns();

}  // namespace qaio
