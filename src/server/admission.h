// Who may use the model now: past the limits a request is refused at once, before any work for it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "server/http.h"

namespace qaio {

// Thread-safe. Remembers a client only while one of its requests is admitted.
class Admission : public std::enable_shared_from_this<Admission> {
 public:
  // Requests at once: in all, at least 1, and per client; 0: no limit per client.
  Admission(int requests_max, int client_requests_max)
      : requests_max_(requests_max), client_requests_max_(client_requests_max) {}

  // On success `ticket` holds the place until its last copy is gone. Otherwise the refusal: 503
  // when all places are taken, 429 when `client` has too many of them.
  std::optional<HttpResponse> admit(const std::string& client, std::shared_ptr<void>& ticket);

  int admitted() const {
    const std::lock_guard lock(mutex_);
    return admitted_;
  }

 private:
  void leave(const std::string& client);

  const int requests_max_;
  const int client_requests_max_;
  mutable std::mutex mutex_;
  int admitted_ = 0;                              // guarded by mutex_
  std::unordered_map<std::string, int> clients_;  // guarded by mutex_; admitted requests of each
};

}  // namespace qaio
