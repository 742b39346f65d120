// Reads one HTTP request within the server's limits.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "server/http/access_policy.h"
#include "server/http/client_stream.h"
#include "server/http/exchange.h"
#include "server/http/memory_budget.h"
#include "server/http/router.h"
#include "server/http/server.h"
#include "server/http/site_policy.h"
#include "server/http/trusted_proxies.h"

namespace qaio {

struct ReadResult {
  enum class Outcome : uint8_t {
    kComplete,
    kRefused,  // the exchange has its answer, a 4xx or 501; what follows cannot be read, unless
               // `keep_alive` says that the request is complete
    kGone,     // the connection ended or was cancelled before the request was complete
  };
  Outcome outcome = Outcome::kGone;
  bool keep_alive = false;
  bool http_1_0 = false;
};

// What a connection allows.
struct ReadRules {
  const ServerOptions& options;
  const SitePolicy& sites;
  const TrustedProxies& proxies;
  const AccessPolicy& access;
  const Router& router;
  bool over_tls = false;
  bool over_loopback = false;
  bool tls_expected = false;  // the client should have spoken HTTPS
  bool health_only = false;   // there is room for questions after the server's health only
};

// The bytes of buffer and body that every connection may hold; see kConnectionBytes.
inline constexpr size_t kFreeRequestBytes = 8 << 10;

// The form of an X-Client-Token.
inline constexpr size_t kClientTokenBytesMin = 16;
inline constexpr size_t kClientTokenBytesMax = 64;

// Fills in the exchange's request, whose client is the peer until then, and the record's ids,
// method and path as far as they are known. Bytes behind the request stay in `buffer`. `charge`
// covers buffer and body. The caller bounds the time by cancelling the stream.
boost::asio::awaitable<ReadResult> read_request(ClientStream& stream,
                                                boost::beast::flat_buffer& buffer,
                                                const ReadRules& rules, MemoryCharge& charge,
                                                Exchange& exchange);

}  // namespace qaio
