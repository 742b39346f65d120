// Posts to one HTTP endpoint elsewhere, off everybody's path: a thread, a bounded queue, retries.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace qaio {

struct HttpPost {
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beside the endpoint's own
};

// What became of posts since the start.
struct HttpSendCounts {
  uint64_t sent = 0;     // answered with 2xx
  uint64_t retried = 0;  // attempts after a first one
  uint64_t failed = 0;   // given up: refused, or out of attempts
  uint64_t dropped = 0;  // never tried: the queue was full, or the time to drain was over
};

// Thread-safe.
class HttpSender {
 public:
  struct Options {
    std::string url;                                           // http:// or https://
    std::vector<std::pair<std::string, std::string>> headers;  // of every post
    size_t queue_posts_max = 256;
    size_t queue_bytes_max = 16 << 20;  // of bodies
    int attempts_max = 8;
    std::chrono::milliseconds timeout{10'000};          // of one attempt
    std::chrono::milliseconds retry_delay{500};         // before the first retry; doubles
    std::chrono::milliseconds retry_delay_max{60'000};  // Retry-After is heeded up to it
    std::chrono::milliseconds drain_time{2'000};        // for what is queued at the end
    // What a user should know, in a sentence that names the URL without its secrets: a post was
    // given up, the queue begins to overflow. On the sender's thread or that of send(); quick.
    std::function<void(const std::string& problem)> on_problem;
  };
  // Error: kInvalidArgument for a URL that is not of HTTP.
  static Result<std::unique_ptr<HttpSender>> create(Options options);
  ~HttpSender();  // gives what is queued drain_time, then drops it
  HttpSender(const HttpSender&) = delete;
  HttpSender& operator=(const HttpSender&) = delete;

  // Posts go out in this order, one at a time; what cannot be reached (no connection, no answer,
  // 408, 429, 5xx) is tried again. Never waits; false: the queue is full and the post is dropped.
  bool send(HttpPost post);
  HttpSendCounts counts() const;

 private:
  struct Impl;
  explicit HttpSender(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qaio
