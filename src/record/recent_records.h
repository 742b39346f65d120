// The last records, for those who ask what just happened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "record/observer.h"

namespace qaio {

// Those of requests that only look are not kept: whoever watches would push out what he watches.
// Thread-safe.
class RecentRecords final : public RecordConsumer {
 public:
  explicit RecentRecords(size_t count_max) : count_max_(count_max) { ring_.reserve(count_max); }

  void consume(std::span<const RecordPtr> records) override;
  void amend(const RecordPtr& amended) override;

  using Wanted = std::function<bool(const RequestRecord&)>;

  // Newest first, those that `wanted` likes, `limit` at most.
  std::vector<RecordPtr> last(size_t limit, const Wanted& wanted = {}) const;
  // The same of those before `place`, which is then that of the last one found: a long list in
  // parts, without keeping what is dropped meanwhile. It begins at end_place().
  std::vector<RecordPtr> last_before(uint64_t& place, size_t limit, const Wanted& wanted) const;
  uint64_t end_place() const;
  // Those that came with this id, newest first: clients may repeat one.
  std::vector<RecordPtr> find(std::string_view request_id) const;

  size_t count_max() const { return count_max_; }

 private:
  const size_t count_max_;
  mutable Mutex mutex_;
  // Record number n stands at n % count_max_.
  std::vector<RecordPtr> ring_ QAIO_GUARDED_BY(mutex_);
  uint64_t end_ QAIO_GUARDED_BY(mutex_) = 0;  // how many there have been
};

}  // namespace qaio
