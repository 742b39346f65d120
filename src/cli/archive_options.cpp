#include "cli/archive_options.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <utility>

#include "base/clock.h"

namespace qaio {

void add_archive_options(CLI::App& command, ArchiveOptions& options) {
  constexpr int kDaysMax = 100 * 365;
  constexpr int kMibMax = 1 << 24;
  constexpr int kCsvRecordsMax = 10'000;
  command.add_option("--archive", options.file, "SQLite file that keeps a record of every request")
      ->envname("QAIO_ARCHIVE")
      ->type_name("FILE");
  command.add_option("--archive-days", options.days, "Days that archived records are kept")
      ->envname("QAIO_ARCHIVE_DAYS")
      ->check(CLI::Range(1, kDaysMax))
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--archive-mib", options.mib,
                  "MiB of archived records, beyond which the oldest go; of each kind of archive")
      ->envname("QAIO_ARCHIVE_MIB")
      ->check(CLI::Range(1, kMibMax))
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--archive-csv", options.csv_folder,
                  "Folder that keeps a record of every request in CSV files")
      ->envname("QAIO_ARCHIVE_CSV")
      ->type_name("DIR");
  command.add_option("--archive-csv-records", options.csv_records, "Records in a CSV file")
      ->envname("QAIO_ARCHIVE_CSV_RECORDS")
      ->check(CLI::Range(1, kCsvRecordsMax))
      ->type_name("N")
      ->capture_default_str();
  command.add_flag("--archive-csv-gzip", options.csv_gzip, "Compress complete CSV files")
      ->envname("QAIO_ARCHIVE_CSV_GZIP");
  command
      .add_flag("--record-text", options.record_text,
                "Keep what users said and were answered in the records; else only its length")
      ->envname("QAIO_RECORD_TEXT");
}

Result<Archives> Archives::open(const ArchiveOptions& options, const RunInfo& run,
                                const std::shared_ptr<spdlog::logger>& logger) {
  const ArchiveMessage say = [logger](ArchiveEvent event, const std::string& text) {
    logger->log(event == ArchiveEvent::kResumed ? spdlog::level::info : spdlog::level::warn, "{}",
                text);
  };
  const std::chrono::hours age_max{24 * options.days};
  const int64_t bytes_max = int64_t{options.mib} << 20;
  const Clock& clock = SteadyClock::instance();
  Archives archives;
  if (!options.file.empty()) {
    SqliteArchiveOptions sqlite;
    sqlite.path = options.file;
    sqlite.retention = {.age_max = age_max, .bytes_max = bytes_max};
    QAIO_ASSIGN(archives.sqlite_, SqliteArchive::open(std::move(sqlite), run, say, clock));
  }
  if (!options.csv_folder.empty()) {
    CsvArchiveOptions csv;
    csv.folder = options.csv_folder;
    csv.records_per_file = static_cast<size_t>(options.csv_records);
    csv.gzip = options.csv_gzip;
    csv.bounds.age_max = age_max;
    csv.bounds.bytes_max = bytes_max;
    QAIO_ASSIGN(archives.csv_, CsvArchive::open(std::move(csv), run, say, clock));
  }
  return archives;
}

std::vector<RecordConsumer*> Archives::consumers() const {
  std::vector<RecordConsumer*> consumers;
  if (sqlite_) consumers.push_back(sqlite_.get());
  if (csv_) consumers.push_back(csv_.get());
  return consumers;
}

std::vector<ArchiveState> Archives::states() const {
  std::vector<ArchiveState> states;
  if (sqlite_) states.push_back({"sqlite", sqlite_->written(), sqlite_->lost()});
  if (csv_) states.push_back({"csv", csv_->written(), csv_->lost()});
  return states;
}

void Archives::set_run(const RunInfo& run) {
  if (sqlite_) sqlite_->set_run(run);
  if (csv_) csv_->set_run(run);
}

}  // namespace qaio
