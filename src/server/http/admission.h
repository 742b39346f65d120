// Who may use the model now: past the limits a request is refused at once, before any work for it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
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
    const MutexLock lock(mutex_);
    return admitted_;
  }

 private:
  void leave(const std::string& client, TimeNs admitted_ns);
  HttpResponse refusal(int status, std::string_view code, const std::string& message,
                       double requests_ahead) const QAIO_REQUIRES(mutex_);

  const Limits limits_;
  const Clock& clock_;
  mutable Mutex mutex_;
  int admitted_ QAIO_GUARDED_BY(mutex_) = 0;
  TimeNs busy_since_ns_ QAIO_GUARDED_BY(mutex_) = 0;  // or since the last one ended
  double pace_ns_ QAIO_GUARDED_BY(mutex_) = 0;        // from one end to the next
  // Admitted requests of each.
  std::unordered_map<std::string, int> clients_ QAIO_GUARDED_BY(mutex_);
};

}  // namespace qaio
