// Consumers of records, and records to give them, for tests of who hands them on.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "record/observer.h"

namespace qaio {

inline RequestRecord record_named(std::string id) {
  RequestRecord record;
  record.request_id = std::move(id);
  return record;
}

class Collector final : public RecordConsumer {
 public:
  void consume(std::span<const RecordPtr> records) override {
    ++calls;
    for (const RecordPtr& record : records) {
      ids.push_back(record->request_id);
      if (record->client_times) amended_before.push_back(record->request_id);
    }
  }
  void amend(const RecordPtr& amended) override { amended_later.push_back(amended->request_id); }
  std::vector<std::string> ids;
  std::vector<std::string> amended_before;  // of those that came so
  std::vector<std::string> amended_later;
  std::atomic<int> calls = 0;
};

// Stays in consume() until it is let go, like a disk that does not answer.
class StuckConsumer final : public RecordConsumer {
 public:
  void consume(std::span<const RecordPtr> records) override {
    entered = true;
    released.wait(false);
    count += records.size();
  }
  void release() {
    released = true;
    released.notify_all();
  }
  void wait_until_entered() {
    while (!entered) std::this_thread::yield();
  }
  std::atomic<bool> entered = false;
  std::atomic<bool> released = false;
  std::atomic<size_t> count = 0;
};

}  // namespace qaio
