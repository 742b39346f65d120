#include "observe/recent_records.h"

namespace qaio {

void RecentRecords::consume(std::span<const RecordPtr> records) {
  const std::lock_guard lock(mutex_);
  for (const RecordPtr& record : records) {
    if (only_looks(*record)) continue;
    if (ring_.size() < count_max_) {
      ring_.push_back(record);
    } else {
      ring_[next_] = record;
      next_ = (next_ + 1) % count_max_;
    }
  }
}

std::vector<RecordPtr> RecentRecords::last(
    size_t limit, const std::function<bool(const RequestRecord&)>& wanted) const {
  std::vector<RecordPtr> found;
  const std::lock_guard lock(mutex_);
  for (size_t i = ring_.size(); i-- > 0 && found.size() < limit;) {
    const RecordPtr& record = ring_[(next_ + i) % ring_.size()];
    if (!wanted || wanted(*record)) found.push_back(record);
  }
  return found;
}

RecordPtr RecentRecords::find(std::string_view request_id) const {
  const auto found =
      last(1, [&](const RequestRecord& record) { return record.request_id == request_id; });
  return found.empty() ? nullptr : found.front();
}

}  // namespace qaio
