// The archives of `qaio serve`: options, and the consumers they ask for.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "archive/csv_archive.h"
#include "archive/sqlite_archive.h"
#include "base/result.h"
#include "record/consumer_thread.h"
#include "record/observer.h"
#include "record/record.h"
#include "telemetry/prometheus_metrics.h"

namespace spdlog {
class logger;
}

namespace qaio {

struct ArchiveOptions {
  std::string file;  // SQLite; empty: none
  int days = 30;
  int mib = 1024;
  int spool_mib = 64;
  std::string csv_folder;  // empty: none
  int csv_records = 100;
  bool csv_gzip = false;
  bool record_text = false;
};

// --archive, --archive-days, --archive-mib, --archive-spool-mib, --archive-csv,
// --archive-csv-records, --archive-csv-gzip, --record-text, each also as QAIO_*.
void add_archive_options(CLI::App& command, ArchiveOptions& options);

// What --archive and --archive-csv ask for, each on a thread of its own; none of them is an
// ordinary case. Outlives the observer.
class Archives {
 public:
  // `logger` gets the warning when an archive pauses. Errors are those of SqliteArchive::open() and
  // CsvArchive::open().
  static Result<Archives> open(const ArchiveOptions& options, const RunInfo& run,
                               const std::shared_ptr<spdlog::logger>& logger);

  // After the observer's end: the last records are written. kIo names an archive that lost some
  // and could not tell so far.
  Result<void> close();

  std::vector<RecordConsumer*> consumers() const;
  bool empty() const { return !sqlite_ && !csv_; }
  SqliteArchive* sqlite() const { return sqlite_.get(); }                 // null: there is none
  ConsumerThread* sqlite_thread() const { return sqlite_thread_.get(); }  // null likewise
  std::vector<ArchiveState> states() const;                               // any thread
  // When the model is known. Any thread.
  void set_run(const RunInfo& run);

 private:
  std::unique_ptr<SqliteArchive> sqlite_;
  std::unique_ptr<CsvArchive> csv_;
  std::unique_ptr<ConsumerThread> sqlite_thread_;
  std::unique_ptr<ConsumerThread> csv_thread_;
};

}  // namespace qaio
