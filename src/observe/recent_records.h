// The last records, for those who ask what just happened.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

#include "observe/observer.h"

namespace qaio {

// Those of requests that only look are not kept: whoever watches would push out what he watches.
// Thread-safe.
class RecentRecords final : public RecordConsumer {
 public:
  explicit RecentRecords(size_t count_max) : count_max_(count_max) { ring_.reserve(count_max); }

  void consume(std::span<const RecordPtr> records) override;

  // Newest first, those that `wanted` likes, `limit` at most.
  std::vector<RecordPtr> last(size_t limit,
                              const std::function<bool(const RequestRecord&)>& wanted = {}) const;
  // Null if it is not (or no longer) there.
  RecordPtr find(std::string_view request_id) const;

  size_t count_max() const { return count_max_; }

 private:
  const size_t count_max_;
  mutable std::mutex mutex_;
  std::vector<RecordPtr> ring_;
  size_t next_ = 0;  // where the next record goes once the ring is full
};

}  // namespace qaio
