#include "record/recent_records.h"

#include <algorithm>

namespace qaio {

void RecentRecords::consume(std::span<const RecordPtr> records) {
  const MutexLock lock(mutex_);
  for (const RecordPtr& record : records) {
    if (only_observes(*record)) continue;
    if (ring_.size() < count_max_) {
      ring_.push_back(record);
    } else {
      ring_[end_ % count_max_] = record;
    }
    ++end_;
  }
}

void RecentRecords::amend(const RecordPtr& amended) {
  const MutexLock lock(mutex_);
  const auto found = std::ranges::find_if(
      ring_, [&](const RecordPtr& record) { return same_request(*record, *amended); });
  if (found != ring_.end()) *found = amended;  // else it was pushed out
}

std::vector<RecordPtr> RecentRecords::last(size_t limit, const Wanted& wanted) const {
  uint64_t place = end_place();
  return last_before(place, limit, wanted);
}

std::vector<RecordPtr> RecentRecords::last_before(uint64_t& place, size_t limit,
                                                  const Wanted& wanted) const {
  std::vector<RecordPtr> found;
  const MutexLock lock(mutex_);
  place = std::min(place, end_);
  while (found.size() < limit && place > end_ - ring_.size()) {
    const RecordPtr& record = ring_[--place % count_max_];
    if (!wanted || wanted(*record)) found.push_back(record);
  }
  return found;
}

uint64_t RecentRecords::end_place() const {
  const MutexLock lock(mutex_);
  return end_;
}

std::vector<RecordPtr> RecentRecords::find(std::string_view request_id) const {
  return last(count_max_,
              [&](const RequestRecord& record) { return record.request_id == request_id; });
}

}  // namespace qaio
