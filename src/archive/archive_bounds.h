// Keeps an SQLite archive within its age and its size, a share at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "archive/archive_message.h"
#include "archive/archive_writer.h"
#include "archive/retention.h"
#include "base/clock.h"
#include "base/result.h"

namespace qaio {

class ArchiveBounds {
 public:
  ArchiveBounds(const ArchiveRetention& retention, ArchiveMessage on_message, const Clock& clock)
      : retention_(retention), on_message_(std::move(on_message)), clock_(clock) {}
  ~ArchiveBounds() { tell_removed(); }

  // One short step towards the bounds, if it is time for one: some milliseconds. After each batch
  // it would cost more than it gives; as long as there is more to do, at every call. What this
  // process wrote, the run `own_run_id` (0: nothing yet), is no older than the process.
  Result<void> keep(ArchiveWriter& writer, int64_t own_run_id);

 private:
  Result<bool> remove_old(ArchiveWriter& writer, const ArchiveExtent& extent, int64_t own_run_id);
  Result<bool> remove_excess(ArchiveWriter& writer, const ArchiveExtent& extent);
  void tell_doubt(int64_t now_unix_ms);
  void tell_removed();

  const ArchiveRetention retention_;
  const ArchiveMessage on_message_;
  const Clock& clock_;
  const TimeNs start_ns_ = clock_.now_ns();
  std::optional<RetentionClock> time_;  // from the first look at the archive on
  std::optional<TimeNs> checked_ns_;
  std::optional<TimeNs> age_checked_ns_;
  RemovalBudget of_age_;
  RemovalBudget of_size_;
  int64_t last_id_ = 0;  // when it was last looked at
  bool doubt_told_ = false;
  std::optional<TimeNs> told_ns_;
  int64_t removed_old_ = 0;  // since that was told
  int64_t removed_excess_ = 0;
};

}  // namespace qaio
