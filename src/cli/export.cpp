// qaio export: records of an archive as CSV, JSON lines or a timeline.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/archive_reader.h"
#include "base/new_file.h"
#include "cli/archive_filter_options.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "record/record_json.h"
#include "record/record_text.h"
#include "telemetry/chrome_trace.h"

namespace qaio {
namespace {

constexpr size_t kChunkBytes = size_t{256} << 10;
constexpr size_t kTimelineMax = 20'000;  // requests: some 80 MB, about what a browser can show

struct Options {
  std::string archive;
  std::string format = "csv";
  std::string output;  // empty: standard output
  ArchiveFilterOptions filter;
};

// Text on its way to a file or standard output.
class Output {
 public:
  static Result<Output> open(const std::string& path) {
    Output output;
    if (path.empty()) return output;
    QAIO_ASSIGN(output.file_, NewFile::create(path));
    return output;
  }

  std::string& text() { return text_; }
  Result<void> write_if_large() { return text_.size() < kChunkBytes ? Result<void>() : write(); }
  Result<void> close() {
    QAIO_RETURN_IF_ERROR(write());
    if (file_) return file_->finish();
    if (std::fflush(stdout) != 0) return fault();
    return {};
  }

 private:
  Output() = default;
  Result<void> write() {
    if (file_) {
      QAIO_RETURN_IF_ERROR(file_->write(text_));
    } else if (std::fwrite(text_.data(), 1, text_.size(), stdout) != text_.size()) {
      return fault();
    }
    text_.clear();
    return {};
  }
  static tl::unexpected<Error> fault() {
    return fail(ErrorCode::kIo,
                std::string("standard output: cannot write it: ") + std::strerror(errno));
  }

  std::optional<NewFile> file_;  // none: standard output
  std::string text_;
};

struct Format {
  std::string header;
  std::function<void(const ArchivedRecord& one, std::string& out)> append;
};

// As `qaio report` reads them: the line of a run before those of its records.
class JsonLines {
 public:
  explicit JsonLines(std::vector<int64_t> whole_runs) : whole_runs_(std::move(whole_runs)) {}

  void operator()(const ArchivedRecord& one, std::string& out) {
    if (std::exchange(last_run_, one.run->id) != one.run->id) {
      const bool from_start = std::ranges::find(whole_runs_, one.run->id) != whole_runs_.end();
      out += run_line(one.run->info, from_start);
    }
    out += record_line(*one.record);
  }

 private:
  std::vector<int64_t> whole_runs_;
  int64_t last_run_ = -1;
};

Result<Format> format_of(const std::string& name, ArchiveReader& reader,
                         const ArchiveFilter& filter) {
  if (name == "jsonl") {
    QAIO_ASSIGN(std::vector<int64_t> whole, reader.runs_from_start(filter));
    return Format{"", JsonLines(std::move(whole))};
  }
  const bool tasks = name == "csv-tasks";
  return Format{tasks ? csv_task_header() : csv_header(),
                [append = tasks ? append_csv_tasks : append_csv](const ArchivedRecord& one,
                                                                 std::string& out) {
                  append(*one.record, one.run->info, out);
                }};
}

void tell_damaged(const ArchiveReader& reader) {
  if (reader.damaged() > 0) fmt::print(stderr, "qaio: {}\n", damaged_text(reader.damaged()));
}

Result<void> export_records(const Options& options, const ArchiveFilter& filter) {
  QAIO_ASSIGN(ArchiveReader reader, ArchiveReader::open(options.archive));
  QAIO_ASSIGN(const Format format, format_of(options.format, reader, filter));
  QAIO_ASSIGN(Output output, Output::open(options.output));
  output.text() = format.header;
  uint64_t count = 0;
  Result<void> written;
  Progress progress("Exporting");
  QAIO_RETURN_IF_ERROR(reader.for_each(filter, [&](const ArchivedRecord& one, double fraction) {
    format.append(one, output.text());
    if (++count % 1024 == 0) progress.update(fraction, count_text(count) + " records");
    written = output.write_if_large();
    return written.has_value();
  }));
  QAIO_RETURN_IF_ERROR(written);
  tell_damaged(reader);
  return output.close();
}

// All at once: what stands beside what is known only when all are there.
Result<void> export_timeline(const Options& options, ArchiveFilter filter) {
  QAIO_ASSIGN(ArchiveReader reader, ArchiveReader::open(options.archive));
  QAIO_ASSIGN(Output output, Output::open(options.output));
  const bool bounded = filter.limit == 0 || filter.limit > kTimelineMax;
  if (bounded) filter.limit = kTimelineMax;
  QAIO_ASSIGN(std::vector<ArchivedRecord> records, reader.read(filter));
  tell_damaged(reader);
  if (bounded && records.size() == kTimelineMax) {
    fmt::print(stderr, "qaio: a timeline of the {} {} of them; --since and --until choose others\n",
               count_text(kTimelineMax), options.filter.slowest ? "slowest" : "newest");
  }
  std::ranges::sort(records, {}, [](const ArchivedRecord& one) {
    return std::pair(one.run->id, one.record->lane.begin_ns());
  });
  RecordSet set;
  int64_t run_id = 0;
  for (ArchivedRecord& one : records) {
    if (set.runs.empty() || one.run->id != run_id) set.runs.push_back({.info = one.run->info});
    run_id = one.run->id;
    set.items.push_back(
        {.record = std::move(one.record), .run = static_cast<uint32_t>(set.runs.size() - 1)});
  }
  output.text() = chrome_trace(set);
  return output.close();
}

ExitCode export_command(const Options& options) {
  const Result<ArchiveFilter> filter =
      archive_filter(options.filter, SteadyClock::instance().wall_unix_ms());
  if (!filter) throw CLI::ValidationError(filter.error().message);
  return exit_code_of(options.format == "chrome" ? export_timeline(options, *filter)
                                                 : export_records(options, *filter));
}

}  // namespace

void add_export(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("export", "Write records of an archive as CSV, JSON lines or a timeline");
  command->add_option("archive", options->archive, "The file of `qaio serve --archive`")
      ->required()
      ->type_name("FILE");
  command
      ->add_option(
          "--format", options->format,
          "csv: a line per request; csv-tasks: a line per task; jsonl: everything, for qaio "
          "report; chrome: a timeline for ui.perfetto.dev")
      ->check(CLI::IsMember({"csv", "csv-tasks", "jsonl", "chrome"}))
      ->type_name("FORMAT")
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "File to write; without it standard output")
      ->type_name("FILE");
  add_archive_filter_options(*command, options->filter);
  command->callback([options, &exit_code] { exit_code = export_command(*options); });
}

}  // namespace qaio
