// What one request of the load came to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace qaio {

enum class FailureKind : uint8_t {
  kConnect,       // no connection
  kTls,           // no handshake, or TLS that broke later
  kTimeout,       // no complete answer in time
  kDisconnected,  // the server closed the connection before the answer was complete
  kHttpStatus,    // an answer other than 200
  kMalformed,     // not HTTP, not of the type or shape that the API has, or too large
  kErrorEvent,    // an answer that began as a success said that the request failed
  kIncomplete,    // the stream ended properly, but without its last event
};

struct Failure {
  FailureKind kind = FailureKind::kMalformed;
  int status = 0;      // of kHttpStatus
  std::string detail;  // a sentence, perhaps the server's own
};

// "timeout", "http 503", ...: failures of one name are counted together.
std::string failure_name(const Failure& failure);

// How long a new connection took to be there.
struct OpenTimes {
  int64_t connect_ns = 0;
  int64_t tls_ns = 0;  // the handshake; 0 without TLS
};

// Token counts as the server stated them.
struct TokenUsage {
  int64_t prompt = 0;
  int64_t cached = 0;  // of the prompt's, 0 also where the server does not say
  int64_t output = 0;
};

// Times are on the clock's epoch; 0: it did not come to that. Intervals begin at the intended send
// time, so waiting for a free connection is part of them.
struct RequestSample {
  TimeNs intended_ns = 0;
  TimeNs sent_ns = 0;  // when the request was begun, its connection included
  TimeNs first_text_ns = 0;
  TimeNs last_text_ns = 0;
  TimeNs end_ns = 0;
  int64_t prompt_tokens_asked = 0;
  int64_t text_chunks = 0;
  int64_t answers = 0;              // to questions, of an API that decides
  std::optional<OpenTimes> opened;  // none: it had a kept connection, or got none
  std::optional<TokenUsage> usage;
  std::optional<Failure> failure;
  bool abandoned = false;  // the run was ended first: neither success nor failure

  bool succeeded() const { return !failure && !abandoned; }
  int64_t prompt_tokens() const { return usage ? usage->prompt : prompt_tokens_asked; }
  int64_t output_tokens() const { return usage ? usage->output : text_chunks; }

  int64_t total_ns() const { return end_ns - intended_ns; }
  std::optional<int64_t> ttft_ns() const {
    if (first_text_ns == 0) return std::nullopt;
    return first_text_ns - intended_ns;
  }
  // Mean time per token after the first. The server counts the end token and others without text as
  // well: the last one came with the end.
  std::optional<int64_t> tpot_ns() const {
    if (first_text_ns == 0 || output_tokens() < 2) return std::nullopt;
    return ((usage ? end_ns : last_text_ns) - first_text_ns) / (output_tokens() - 1);
  }
};

}  // namespace qaio
