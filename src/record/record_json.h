// Records as JSON, one per line: a file that any program can read and `qaio report` understands.
//
// A line {"run": {...}} describes the process whose records follow; every other line is a record.
// Files may be appended to one another. docs/report.md defines the fields.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "record/record.h"
#include "record/record_set.h"

namespace qaio {

// One line each, with its newline. `from_start` as RecordSet::Run has it.
std::string run_line(const RunInfo& run, bool from_start = true);
std::string record_line(const RequestRecord& record);

// kInvalidArgument says which field is wrong. What a field may hold is checked: lanes come out as
// Lane::add() demands. Fields that are not there have their default, unknown ones are ignored.
Result<RequestRecord> parse_record(std::string_view json);
Result<RunInfo> parse_run(std::string_view json);  // of a line that run_line() wrote

// A file of such lines; "-" is standard input.
class RecordFile final : public RecordSource {
 public:
  static constexpr size_t kLineBytesMax = 8 << 20;

  explicit RecordFile(std::string path) : path_(std::move(path)) {}
  // kNotFound, kIo; kInvalidArgument names the line. An unfinished last line, which a killed
  // program leaves, is an error as well.
  Result<RecordSet> load(const RecordSelection& selection) override;

 private:
  std::string path_;
};

// All lines of a set, as RecordFile reads them.
Result<void> save_records(const RecordSet& set, const std::string& path);

}  // namespace qaio
