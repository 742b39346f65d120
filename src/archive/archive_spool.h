// What an archive could not write is kept beside it, until it can be: here or at the next start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "record/record.h"

namespace qaio {

// ARCHIVE.spool-TIME.jsonl: JSON lines as `qaio export --format jsonl` writes them, for their owner
// alone. A process makes one when it needs it and holds it under a lock, by which another process
// tells it from one that was left behind. One thread at a time.
class ArchiveSpool {
 public:
  // `bytes_max` of all the archive's spools together.
  ArchiveSpool(std::string archive_path, int64_t bytes_max, const Clock& clock)
      : archive_path_(std::move(archive_path)), bytes_max_(bytes_max), clock_(clock) {}
  ArchiveSpool(const ArchiveSpool&) = delete;
  ArchiveSpool& operator=(const ArchiveSpool&) = delete;
  ~ArchiveSpool();  // leaves what is not taken up for the next start

  // All of the records or none. kResourceExhausted beyond bytes_max, kIo with the system's reason.
  // A spool that somebody removed is lost() and followed by a new one.
  Result<void> append(std::span<const RecordPtr> records, const RunInfo& run);

  size_t records() const { return records_; }  // of this process
  const std::string& path() const { return path_; }
  size_t take_lost() { return std::exchange(lost_, 0); }  // since the last call
  // The archive holds them now.
  void remove();

 private:
  Result<void> create();
  tl::unexpected<Error> fault(const std::string& what) const;

  const std::string archive_path_;
  const int64_t bytes_max_;
  const Clock& clock_;
  std::string path_;  // empty: there is none
  int fd_ = -1;
  int64_t bytes_ = 0;
  int64_t bytes_of_others_ = 0;
  size_t records_ = 0;
  size_t lost_ = 0;
  std::string run_line_;  // the last one written
};

// Those of an archive, oldest first; of running servers, too.
std::vector<std::filesystem::path> archive_spools(const std::string& archive_path);

// Reads one that was left behind.
class SpoolReader {
 public:
  // Nothing: it is in use or gone. kIo with the system's reason; kCorrupt: too large to be one.
  static Result<std::optional<SpoolReader>> open(const std::string& path);
  // Reads one whose lock is held already.
  static SpoolReader of_own(const std::string& path) { return {path, -1}; }
  SpoolReader(SpoolReader&& other) noexcept;
  SpoolReader& operator=(SpoolReader&& other) = delete;
  ~SpoolReader();

  struct Batch {
    RunInfo run;  // of all of them
    std::vector<RecordPtr> records;
  };
  // At most `count_max`; none: the end.
  Batch next(size_t count_max);
  // Lines that are none, up to where it was read. A killed process leaves half a line at the end.
  size_t damaged() const { return damaged_; }

 private:
  SpoolReader(const std::string& path, int fd) : fd_(fd), file_(path, std::ios::binary) {}

  int fd_;  // with the lock; -1: somebody else has it
  std::ifstream file_;
  RunInfo run_;
  std::optional<RunInfo> next_run_;  // that follows the batch
  size_t damaged_ = 0;
};

}  // namespace qaio
