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

// What became of one post.
struct HttpSendResult {
  enum class Outcome : uint8_t { kSent, kFailed, kDropped };  // as HttpSendCounts counts them
  Outcome outcome = Outcome::kDropped;
  std::string answer = {};  // of kSent: the body, its first 64 KiB
};

struct HttpPost {
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beside the endpoint's own
  // Called once, at the post's end: on the sender's thread, or within send(). Must be quick.
  std::function<void(const HttpSendResult&)> on_end = {};
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
    // Whether a refusal with this status is tried again; by default 408, 429 and 5xx are.
    std::function<bool(int status)> retries = {};
    // What a user should know, in a sentence that names the URL without its secrets: a post was
    // given up, the queue begins to overflow. On the sender's thread or that of send(); quick.
    std::function<void(const std::string& problem)> on_problem;
    // The first attempt after those that worked has failed and is tried again: such a sentence as
    // well, as what is tried for long is given up late. On the sender's thread.
    std::function<void(const std::string& problem)> on_retry = {};
  };
  // Error: kInvalidArgument for a URL that is not of HTTP.
  static Result<std::unique_ptr<HttpSender>> create(Options options);
  ~HttpSender();  // gives what is queued drain_time, then drops it
  HttpSender(const HttpSender&) = delete;
  HttpSender& operator=(const HttpSender&) = delete;

  // Posts go out in this order, one at a time; what cannot be reached (no connection, no answer, a
  // status of Options::retries) is tried again. Never waits; false: the queue is full, or the end
  // has begun, and the post is dropped.
  bool send(HttpPost post);
  // The end begins: what is queued has drain_time from now on. The destructor does the same, and
  // waits; of several senders each begins before the first is waited for.
  void begin_stop();
  HttpSendCounts counts() const;

 private:
  struct Impl;
  explicit HttpSender(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qaio
