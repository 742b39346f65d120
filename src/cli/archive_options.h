// The archives of `qaio serve`: options, and the consumers they ask for.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "observe/csv_archive.h"
#include "observe/observer.h"
#include "observe/record.h"
#include "observe/sqlite_archive.h"

namespace spdlog {
class logger;
}

namespace qaio {

struct ArchiveOptions {
  std::string file;  // SQLite; empty: none
  int days = 30;
  int mib = 1024;
  std::string csv_folder;  // empty: none
  int csv_records = 100;
  bool csv_gzip = false;
  bool record_text = false;
};

// --archive, --archive-days, --archive-mib, --archive-csv, --archive-csv-records,
// --archive-csv-gzip, --record-text, each also as QAIO_*.
void add_archive_options(CLI::App& command, ArchiveOptions& options);

// What --archive and --archive-csv ask for; none of them is an ordinary case. Outlives the
// observer, at whose end the last records are written.
class Archives {
 public:
  // `logger` gets the warning when an archive pauses. Errors are those of SqliteArchive::open() and
  // CsvArchive::open().
  static Result<Archives> open(const ArchiveOptions& options, const RunInfo& run,
                               const std::shared_ptr<spdlog::logger>& logger);

  std::vector<RecordConsumer*> consumers() const;
  bool empty() const { return !sqlite_ && !csv_; }
  // When the model is known. Any thread.
  void set_run(const RunInfo& run);

 private:
  std::unique_ptr<SqliteArchive> sqlite_;
  std::unique_ptr<CsvArchive> csv_;
};

}  // namespace qaio
