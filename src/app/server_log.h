// What `qaio serve` says: its log on standard error, a few lines for people and scripts on standard
// output. Nothing in the server waits for whoever reads them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/output_queue.h"

namespace spdlog {
class logger;
}

namespace qaio {

class ServerLog {
 public:
  ServerLog();
  ~ServerLog();  // as finish()

  const std::shared_ptr<spdlog::logger>& logger() const { return logger_; }
  // A line on standard output. Any thread.
  void announce(const std::string& line);
  // Of both, since the start; any thread.
  uint64_t lines_dropped() const { return errors_->dropped() + output_->dropped(); }
  // What waits gets a moment to be read; later lines are dropped.
  void finish();

 private:
  const std::shared_ptr<OutputQueue> errors_;  // the logger's, too
  const std::unique_ptr<OutputQueue> output_;
  const std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace qaio
