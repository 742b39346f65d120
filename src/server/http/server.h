// The HTTP server: listens, keeps connections within their limits, stops gracefully. What the
// endpoints do is the router's business.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/key_ring.h"
#include "base/clock.h"
#include "base/result.h"
#include "record/record.h"
#include "server/http/router.h"
#include "server/http/tls_context.h"
#include "server/http/trusted_proxies.h"
#include "telemetry/server_state.h"

namespace qaio {

// Takes the record of every request, on its I/O thread behind the answer; must be quick and not
// throw.
using RecordSink = std::function<void(RequestRecord)>;

struct ServerOptions {
  std::string host = "127.0.0.1";  // or a name: every address that it has
  uint16_t port = 8080;            // 0: any free one
  bool tcp = true;                 // false: the Unix socket alone
  std::optional<TlsFiles> tls;     // of TCP
  std::string unix_socket;         // its path; empty: none
  unsigned unix_socket_mode = 0660;
  int io_threads = 2;  // so that a probe does not wait while one reads a long prompt
  size_t body_bytes_max = 1 << 20;
  uint32_t header_bytes_max = 16 << 10;
  size_t stream_bytes_max = 1 << 20;  // waiting to be read by one client of a stream
  int connections_max = 4096;
  // What connections may hold together: kConnectionBytes each, and what longer requests and answers
  // need beyond that. Past it 503.
  size_t memory_bytes_max = 128 << 20;
  std::vector<std::string> allowed_hosts;    // as SitePolicy has them
  std::vector<std::string> cors_origins;     // likewise
  std::vector<std::string> trusted_proxies;  // as TrustedProxies::parse() has them
  std::shared_ptr<KeyRing> keys;             // null: nobody needs a key
  bool export_traces = false;                // somebody takes the spans of sampled requests
  bool record_paths = false;                 // those that no route matches, too, as they were sent
  std::chrono::milliseconds read_timeout{30'000};   // first byte -> request complete
  std::chrono::milliseconds write_timeout{30'000};  // for each piece of an answer
  std::chrono::milliseconds idle_timeout{75'000};   // between requests
  // How long nothing is written to a client that waits: then a stream gets a comment, another
  // answer of the model white space (Call::expect_long_wait). Proxies often give up after 50 or 60
  // s.
  std::chrono::milliseconds stream_silence_max{5'000};
  std::chrono::milliseconds answer_silence_max{45'000};
};

// Places beyond `connections_max` for those who ask for the server's health, who have a moment to
// do so. Others get 503 there.
inline constexpr int kHealthPlaces = 16;
// What an idle connection, a short request and a short answer cost.
inline constexpr size_t kConnectionBytes = 16 << 10;
// What TLS adds to it: 14 KiB of state, and buffers during the handshake and while a record is on
// its way.
inline constexpr size_t kTlsConnectionBytes = 48 << 10;
// What it adds for all connections.
size_t tls_bytes(const ServerOptions& options);

class Server {
 public:
  // Listens and serves on its own threads at once. kInvalidArgument or kIo with the address or file
  // and the system's reason. `sink` is called from any of the I/O threads; `clock` outlives the
  // server.
  static Result<std::unique_ptr<Server>> start(const ServerOptions& options, Router router,
                                               RecordSink sink, const Clock& clock);
  ~Server();  // as stop(0) if still running
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const;    // 0: there is no TCP
  TlsContext* tls() const;  // nullptr: there is no TLS
  int connections() const;
  ConnectionState state() const;  // any thread

  // Accepts nothing more, closes idle connections, lets running requests finish for `drain` at
  // most, then cancels them. Blocks until no thread of the server runs. Afterwards destroy the
  // engine before the server: its last callbacks still refer to connections.
  void stop(std::chrono::milliseconds drain);
  // Ends what a stop() on another thread waits for. Thread-safe.
  void cut_short();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qaio
