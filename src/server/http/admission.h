// Who may use the model now: past the limits a request is refused at once, before any work for it.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "server/http/http.h"

namespace qaio {

// Thread-safe. Remembers a client only while one of its requests is admitted.
class Admission : public std::enable_shared_from_this<Admission> {
 public:
  struct Limits {
    int requests_max = 1;                                       // at once, at least 1
    int client_requests_max = 0;                                // of one client; 0: no limit
    std::chrono::nanoseconds time_max = std::chrono::hours(1);  // what a request may take
  };
  Admission(const Limits& limits, const Clock& clock) : limits_(limits), clock_(clock) {}

  // On success `ticket` holds the place until its last copy is gone. Otherwise the refusal: 503
  // when all places are taken, or when those admitted will take longer than a request may; 429 when
  // `client` has too many of them. Retry-After says when those ahead will be done, by the pace at
  // which the last ones ended.
  std::optional<HttpResponse> admit(const std::string& client, std::shared_ptr<void>& ticket);

  int admitted() const {
    const std::lock_guard lock(mutex_);
    return admitted_;
  }

 private:
  void leave(const std::string& client, TimeNs admitted_ns);
  HttpResponse refusal(int status, std::string_view code, const std::string& message,
                       double requests_ahead) const;

  const Limits limits_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  int admitted_ = 0;                              // guarded by mutex_
  TimeNs busy_since_ns_ = 0;                      // guarded by mutex_; or since the last one ended
  double pace_ns_ = 0;                            // guarded by mutex_; from one end to the next
  std::unordered_map<std::string, int> clients_;  // guarded by mutex_; admitted requests of each
};

}  // namespace qaio
