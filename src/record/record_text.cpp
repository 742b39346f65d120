#include "record/record_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/json_writer.h"
#include "base/utc_text.h"
#include "base/utf8.h"
#include "record/record_columns.h"

namespace qaio {
namespace {

struct RunColumn {
  std::string_view name;
  ColumnValue (*get)(const RunInfo& run);
};
constexpr RunColumn kRunColumns[] = {
    {"version", [](const RunInfo& run) -> ColumnValue { return std::string_view(run.version); }},
    {"model", [](const RunInfo& run) -> ColumnValue { return std::string_view(run.model); }},
    {"model_hash",
     [](const RunInfo& run) -> ColumnValue { return std::string_view(run.model_hash); }},
    {"isa", [](const RunInfo& run) -> ColumnValue { return std::string_view(run.isa); }},
    {"threads", [](const RunInfo& run) -> ColumnValue { return int64_t{run.threads}; }},
    {"started_unix_ms", [](const RunInfo& run) -> ColumnValue { return run.started_unix_ms; }},
};

constexpr std::string_view kInputColumn = "input_text";

// Spreadsheets compute a cell that begins like a formula, and what it computes may send the rest of
// the sheet to whoever wrote it. The wide forms count where Chinese and Japanese are written.
bool begins_as_formula(std::string_view text) {
  constexpr auto kBegins = std::to_array<std::string_view>(
      {"=", "+", "-", "@", "\t", "\r", "\n", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"});
  return std::ranges::any_of(kBegins,
                             [&](std::string_view begin) { return text.starts_with(begin); });
}

// A program that is told another separator must not see a cell begin in the middle of this one.
void append_csv_text(std::string_view text, std::string& out) {
  const bool formula = begins_as_formula(text);
  if (!formula && text.find_first_of(",;\t\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  if (formula) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_csv_value(const ColumnValue& value, std::string& out) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    out += std::to_string(*integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    char text[32];
    out.append(text,
               std::to_chars(text, text + sizeof text, *real, std::chars_format::general, 6).ptr);
  } else if (const auto* text = std::get_if<std::string_view>(&value)) {
    const bool valid = valid_utf8_prefix(*text) == text->size();
    append_csv_text(valid ? *text : replace_invalid_utf8(*text), out);
  }
}

template <typename Columns>
void append_names(const Columns& columns, std::string& out) {
  for (const auto& column : columns) (out += ',') += column.name;
}

template <typename Columns, typename Row>
void append_values(const Columns& columns, const Row& row, std::string& out) {
  for (const auto& column : columns) append_csv_value(column.get(row), out += ',');
}

void write_value(const ColumnValue& value, JsonWriter& json) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    json.integer(*integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    json.number(*real);
  } else if (const auto* text = std::get_if<std::string_view>(&value)) {
    json.string(*text);
  } else {
    json.null();
  }
}

template <typename Columns, typename Row>
void write_columns(const Columns& columns, const Row& row, JsonWriter& json) {
  for (const auto& column : columns) write_value(column.get(row), json.key(column.name));
}

void write_tasks(const RequestRecord& record, JsonWriter& json) {
  const TimeNs origin_ns = record.lane.begin_ns();
  json.begin_array();
  for (const TaskRecord& task : record.tasks) {
    json.begin_object();
    write_columns(task_columns(), TaskRow(task, origin_ns), json);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string csv_header() {
  std::string line = "arrived";
  append_names(request_columns(), line);
  append_names(kRunColumns, line);
  return line + ",tasks\n";
}

void append_csv(const RequestRecord& record, const RunInfo& run, std::string& out) {
  out += utc_text(record.arrived_unix_ms);
  append_values(request_columns(), RequestRow(record), out);
  append_values(kRunColumns, run, out);
  std::string tasks;
  JsonWriter json(tasks);
  write_tasks(record, json);
  append_csv_text(tasks, out += ',');
  out += '\n';
}

std::string csv_list_header() {
  std::string line = "arrived";
  for (const RequestColumn& column : request_columns()) {
    if (column.name != kInputColumn) (line += ',') += column.name;
  }
  return line + ",tasks\n";
}

void append_csv_list(const RequestRecord& record, std::string& out) {
  out += utc_text(record.arrived_unix_ms);
  const RequestRow row(record);
  for (const RequestColumn& column : request_columns()) {
    if (column.name != kInputColumn) append_csv_value(column.get(row), out += ',');
  }
  std::string tasks;
  for (const TaskRecord& task : record.tasks) (tasks += tasks.empty() ? "" : " ") += task.task;
  append_csv_value(std::string_view(tasks), out += ',');
  out += '\n';
}

std::string csv_task_header() {
  std::string line = "arrived,request_id";
  append_names(kRunColumns, line);
  append_names(task_columns(), line);
  return line + '\n';
}

void append_csv_tasks(const RequestRecord& record, const RunInfo& run, std::string& out) {
  for (const TaskRecord& task : record.tasks) {
    out += utc_text(record.arrived_unix_ms);
    append_csv_text(record.request_id, out += ',');
    append_values(kRunColumns, run, out);
    append_values(task_columns(), TaskRow(task, record.lane.begin_ns()), out);
    out += '\n';
  }
}

}  // namespace qaio
