// The [PERF] line: one consumer of request records.
#pragma once

#include <memory>

#include "record/observer.h"

namespace spdlog {
class logger;
}

namespace qaio {

// One line at level info per request: id, status, and the main times in ms.
class PerfLog final : public RecordConsumer {
 public:
  explicit PerfLog(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}
  void consume(std::span<const RecordPtr> records) override;

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace qaio
