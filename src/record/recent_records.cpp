#include "record/recent_records.h"

#include <algorithm>

namespace qaio {

void RecentRecords::consume(std::span<const RecordPtr> records) {
  const std::lock_guard lock(mutex_);
  for (const RecordPtr& record : records) {
    if (is_safe_method(*record)) continue;
    if (ring_.size() < count_max_) {
      ring_.push_back(record);
    } else {
      ring_[end_ % count_max_] = record;
    }
    ++end_;
  }
}

std::vector<RecordPtr> RecentRecords::last(size_t limit, const Wanted& wanted) const {
  uint64_t place = end_place();
  return last_before(place, limit, wanted);
}

std::vector<RecordPtr> RecentRecords::last_before(uint64_t& place, size_t limit,
                                                  const Wanted& wanted) const {
  std::vector<RecordPtr> found;
  const std::lock_guard lock(mutex_);
  place = std::min(place, end_);
  while (found.size() < limit && place > end_ - ring_.size()) {
    const RecordPtr& record = ring_[--place % count_max_];
    if (!wanted || wanted(*record)) found.push_back(record);
  }
  return found;
}

uint64_t RecentRecords::end_place() const {
  const std::lock_guard lock(mutex_);
  return end_;
}

std::vector<RecordPtr> RecentRecords::find(std::string_view request_id) const {
  return last(count_max_,
              [&](const RequestRecord& record) { return record.request_id == request_id; });
}

}  // namespace qaio
