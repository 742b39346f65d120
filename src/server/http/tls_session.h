// TLS on one connection, a step at a time: whatever the socket gives or takes at once.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <memory>

namespace qaio {

class TlsSession {
 public:
  enum class State : uint8_t {
    kDone,
    kWaitsToRead,  // again when the socket can be read; nothing is lost by doing other things first
    kWaitsToWrite,  // likewise written
    kEnded,         // the client sends nothing more
    kFailed,
  };
  struct Step {
    State state = State::kFailed;
    size_t bytes = 0;
  };

  // Takes the session.
  explicit TlsSession(SSL* session) : session_(session) {}

  Step handshake();
  Step read(void* bytes, size_t count);
  // A write that waits must be made again with the same bytes, perhaps elsewhere, or never.
  Step write(const void* bytes, size_t count);
  // Says farewell if the socket takes it at once.
  void end();

 private:
  struct Free {
    void operator()(SSL* session) const;
  };
  Step step_of(int outcome, size_t bytes);

  std::unique_ptr<SSL, Free> session_;
  bool failed_ = false;  // the protocol forbids any further word
};

}  // namespace qaio
