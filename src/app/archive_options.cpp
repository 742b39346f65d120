#include "app/archive_options.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <utility>

#include "base/clock.h"

namespace qaio {

void add_archive_options(CLI::App& command, ArchiveOptions& options) {
  constexpr int kDaysMax = 100 * 365;
  constexpr int kMibMax = 1 << 24;
  constexpr int kSpoolMibMax = 1024;  // a start takes it all up
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
      .add_option("--archive-spool-mib", options.spool_mib,
                  "MiB of records kept beside the SQLite file while it cannot be written, as when "
                  "another process locks it; past it records are lost")
      ->envname("QAIO_ARCHIVE_SPOOL_MIB")
      ->check(CLI::Range(1, kSpoolMibMax))
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

namespace {

spdlog::level::level_enum level_of(ArchiveEvent event) {
  switch (event) {
    case ArchiveEvent::kResumed:
    case ArchiveEvent::kRemoved:
    case ArchiveEvent::kTakenUp:
      return spdlog::level::info;
    default:
      return spdlog::level::warn;
  }
}

// `amends`: it has a place for what is learnt of a record later.
std::unique_ptr<ConsumerThread> thread_of(RecordConsumer& archive, const std::string& place,
                                          bool amends, const ArchiveMessage& say) {
  ConsumerThread::Options options;
  options.amends = amends;
  options.tell = [say, place](bool keeps_up, uint64_t dropped) {
    if (keeps_up) {
      say(ArchiveEvent::kResumed, place + ": the archive keeps up again; " +
                                      std::to_string(dropped) + " records were lost");
    } else {
      say(ArchiveEvent::kDropping,
          place +
              ": requests end faster than the archive can write: records are lost until it "
              "keeps up");
    }
  };
  return std::make_unique<ConsumerThread>(std::move(options), archive);
}

}  // namespace

Result<Archives> Archives::open(const ArchiveOptions& options, const RunInfo& run,
                                const std::shared_ptr<spdlog::logger>& logger) {
  const ArchiveMessage say = [logger](ArchiveEvent event, const std::string& text) {
    logger->log(level_of(event), "{}", text);
  };
  const std::chrono::hours age_max{24 * options.days};
  const int64_t bytes_max = int64_t{options.mib} << 20;
  const Clock& clock = SteadyClock::instance();
  Archives archives;
  if (!options.file.empty()) {
    SqliteArchiveOptions sqlite;
    sqlite.path = options.file;
    sqlite.with_texts = options.record_text;
    sqlite.spool_bytes_max = int64_t{options.spool_mib} << 20;
    sqlite.retention = {.age_max = age_max, .bytes_max = bytes_max};
    QAIO_ASSIGN(archives.sqlite_, SqliteArchive::open(std::move(sqlite), run, say, clock));
  }
  if (!options.csv_folder.empty()) {
    CsvArchiveOptions csv;
    csv.folder = options.csv_folder;
    csv.with_texts = options.record_text;
    csv.records_per_file = static_cast<size_t>(options.csv_records);
    csv.gzip = options.csv_gzip;
    csv.bounds.age_max = age_max;
    csv.bounds.bytes_max = bytes_max;
    QAIO_ASSIGN(archives.csv_, CsvArchive::open(std::move(csv), run, say, clock));
  }
  if (archives.sqlite_) {
    archives.sqlite_thread_ = thread_of(*archives.sqlite_, options.file, /*amends=*/true, say);
  }
  if (archives.csv_) {
    archives.csv_thread_ = thread_of(*archives.csv_, options.csv_folder, /*amends=*/false, say);
  }
  return archives;
}

Result<void> Archives::close() {
  if (sqlite_thread_) sqlite_thread_->stop();
  if (csv_thread_) csv_thread_->stop();
  const Result<void> sqlite = sqlite_ ? sqlite_->close() : Result<void>();
  const Result<void> csv = csv_ ? csv_->close() : Result<void>();
  if (!sqlite && !csv) {
    return fail(ErrorCode::kIo, sqlite.error().message + "; " + csv.error().message);
  }
  return sqlite ? csv : sqlite;
}

std::vector<RecordConsumer*> Archives::consumers() const {
  std::vector<RecordConsumer*> consumers;
  if (sqlite_thread_) consumers.push_back(sqlite_thread_.get());
  if (csv_thread_) consumers.push_back(csv_thread_.get());
  return consumers;
}

std::vector<ArchiveState> Archives::states() const {
  std::vector<ArchiveState> states;
  if (sqlite_) {
    states.push_back(
        {.kind = "sqlite",
         .written = sqlite_->written(),
         .lost = sqlite_->lost() + sqlite_thread_->dropped(),
         .client_times_lost = sqlite_->amendments_lost() + sqlite_thread_->amendments_dropped(),
         .paused = sqlite_->paused(),
         .waiting = sqlite_->spooled()});
  }
  if (csv_) {
    states.push_back({.kind = "csv",
                      .written = csv_->written(),
                      .lost = csv_->lost() + csv_thread_->dropped(),
                      .paused = csv_->paused(),
                      .waiting = csv_->held()});
  }
  return states;
}

void Archives::set_run(const RunInfo& run) {
  if (sqlite_) sqlite_->set_run(run);
  if (csv_) csv_->set_run(run);
}

}  // namespace qaio
