#include "archive/archive_bounds.h"

#include <algorithm>
#include <string>

#include "base/time_units.h"
#include "base/utc_text.h"

namespace qaio {
namespace {

constexpr TimeNs kCheckNs = 10 * kSecondNs;
constexpr TimeNs kAgeCheckNs = 600 * kSecondNs;
constexpr TimeNs kTellNs = 3600 * kSecondNs;
constexpr int64_t kDoubtMs = int64_t{24} * 3600 * 1000;

bool due(const std::optional<TimeNs>& last_ns, TimeNs interval_ns, TimeNs now_ns) {
  return !last_ns || now_ns - *last_ns >= interval_ns;
}

std::string records_text(int64_t count) {
  return std::to_string(count) + (count == 1 ? " record" : " records");
}

}  // namespace

Result<void> ArchiveBounds::keep(ArchiveWriter& writer, int64_t own_run_id) {
  const TimeNs now_ns = clock_.now_ns();
  if (!due(checked_ns_, kCheckNs, now_ns)) return {};
  QAIO_ASSIGN(const ArchiveExtent extent, writer.extent());
  if (!time_) {
    Result<std::optional<int64_t>> looked;
    const auto newest = newest_believable(clock_.wall_unix_ms(), [&](int64_t until_unix_ms) {
      if (looked) looked = writer.newest_unix_ms(until_unix_ms);
      return looked.value_or(std::nullopt);
    });
    QAIO_RETURN_IF_ERROR(looked);
    time_.emplace(clock_, newest);
    last_id_ = extent.last_id;
  }
  of_size_.make_room_for(std::max<int64_t>(0, extent.last_id - last_id_));
  last_id_ = extent.last_id;
  QAIO_ASSIGN(const bool more_old, remove_old(writer, extent, own_run_id));
  QAIO_ASSIGN(const bool more_excess, remove_excess(writer, extent));
  if (more_old || more_excess) return {};
  checked_ns_ = now_ns;
  if (due(told_ns_, kTellNs, now_ns)) tell_removed();
  return {};
}

// True: there are more that may go now.
Result<bool> ArchiveBounds::remove_old(ArchiveWriter& writer, const ArchiveExtent& extent,
                                       int64_t own_run_id) {
  const TimeNs now_ns = clock_.now_ns();
  const int64_t now_unix_ms = time_->now_unix_ms();
  if (!due(age_checked_ns_, kAgeCheckNs, now_ns) || extent.count() == 0) return false;
  tell_doubt(now_unix_ms);
  const int64_t age_max_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(retention_.age_max).count();
  const bool own_may_be_old = (now_ns - start_ns_) / 1'000'000 >= age_max_ms;
  const int64_t left = of_age_.left(now_ns, extent.count());
  int64_t removed = 0;
  if (left > 0) {
    QAIO_ASSIGN(const int64_t last, writer.last_older_than(now_unix_ms - age_max_ms, now_unix_ms,
                                                           own_may_be_old ? 0 : own_run_id));
    if (last > 0) {
      QAIO_ASSIGN(removed, writer.remove_oldest(left, last));
    }
  }
  of_age_.take(removed);
  removed_old_ += removed;
  if (removed > 0 && of_age_.left(now_ns, extent.count()) > 0) return true;
  age_checked_ns_ = now_ns;
  return false;
}

Result<bool> ArchiveBounds::remove_excess(ArchiveWriter& writer, const ArchiveExtent& extent) {
  const TimeNs now_ns = clock_.now_ns();
  const int64_t left = of_size_.left(now_ns, extent.count());
  int64_t removed = 0;
  if (extent.bytes() > retention_.bytes_max && left > 0) {
    QAIO_ASSIGN(removed, writer.remove_oldest(left, extent.last_id));
  }
  of_size_.take(removed);
  removed_excess_ += removed;
  QAIO_ASSIGN(const bool more_pages, writer.give_back(extent, retention_.bytes_max));
  return more_pages || (removed > 0 && of_size_.left(now_ns, extent.count()) > 0);
}

// Somebody may wonder why old records stay.
void ArchiveBounds::tell_doubt(int64_t now_unix_ms) {
  const int64_t wall_unix_ms = clock_.wall_unix_ms();
  const bool doubt = wall_unix_ms - now_unix_ms > kDoubtMs;
  if (doubt && !doubt_told_) {
    on_message_(ArchiveEvent::kDoubtful,
                "the clock says " + utc_text(wall_unix_ms) +
                    ", but as the archive's newest record and the time since then go it is " +
                    utc_text(now_unix_ms) +
                    ": until that has lasted for a day, records are kept as of the latter");
  }
  doubt_told_ = doubt;
}

void ArchiveBounds::tell_removed() {
  if (removed_old_ > 0) {
    on_message_(ArchiveEvent::kRemoved, "removed " + records_text(removed_old_) + " older than " +
                                            std::to_string(retention_.age_max.count() / 24) +
                                            " days from the archive");
  }
  if (removed_excess_ > 0) {
    on_message_(ArchiveEvent::kRemoved, "removed the oldest " + records_text(removed_excess_) +
                                            " from the archive, which is to stay within " +
                                            std::to_string(retention_.bytes_max >> 20) + " MiB");
  }
  if (removed_old_ + removed_excess_ > 0) told_ns_ = clock_.now_ns();
  removed_old_ = 0;
  removed_excess_ = 0;
}

}  // namespace qaio
