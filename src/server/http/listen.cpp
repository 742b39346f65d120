#include "server/http/listen.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/system_executor.hpp>
#include <optional>
#include <utility>

namespace qaio {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

// Free ports of one address that may be taken on another before that is an error.
constexpr int kTries = 16;

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
}

bool is_missing(const error_code& ec) {
  return ec == net::error::address_family_not_supported ||
         ec == boost::system::errc::protocol_not_supported ||
         ec == boost::system::errc::address_not_available;
}

std::string_view advice(const error_code& ec) {
  if (ec == net::error::address_in_use) {
    return "; another program has this port: end it, or choose another one with --port (0: any "
           "free one)";
  }
  if (ec == net::error::access_denied) {
    return "; choose a port from 1024 on with --port, or give the program CAP_NET_BIND_SERVICE";
  }
  if (is_missing(ec)) {
    return "; this machine has no such address: --host takes one of its own, 0.0.0.0 stands for "
           "all";
  }
  return "";
}

tl::unexpected<Error> failed(const tcp::endpoint& endpoint, const error_code& ec) {
  return fail(ErrorCode::kIo, fmt::format("cannot listen on {}: {}{}", text_of(endpoint),
                                          ec.message(), advice(ec)));
}

// `both`: addresses of IPv4 have sockets of their own, so that one of IPv6 must leave them alone.
error_code open(Acceptor& acceptor, const tcp::endpoint& endpoint, bool both) {
  error_code ec;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && both && endpoint.address().is_v6()) acceptor.set_option(net::ip::v6_only(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(tcp::acceptor::max_listen_connections, ec);
  return ec;
}

struct Failure {
  tcp::endpoint endpoint;
  error_code reason;
};

// Once: on the port that the first one gets, if any will do.
std::optional<Failure> try_all(const ConnectionExecutor& executor, Endpoints endpoints,
                               std::vector<Acceptor>& acceptors) {
  const bool both =
      std::ranges::any_of(endpoints, [](const auto& e) { return e.address().is_v4(); });
  std::optional<Failure> missing;
  uint16_t port = 0;
  for (tcp::endpoint& endpoint : endpoints) {
    if (endpoint.port() == 0) endpoint.port(port);
    Acceptor acceptor(executor);
    if (const error_code ec = open(acceptor, endpoint, both)) {
      if (!is_missing(ec)) return Failure{endpoint, ec};
      if (!missing) missing = Failure{endpoint, ec};
      continue;
    }
    port = acceptor.local_endpoint().port();
    acceptors.push_back(std::move(acceptor));
  }
  return acceptors.empty() ? missing : std::nullopt;
}

}  // namespace

std::string_view without_brackets(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host;
}

Result<Endpoints> resolve_host(const std::string& host, uint16_t port) {
  net::io_context io;
  error_code ec;
  const auto found = tcp::resolver(io).resolve(std::string(without_brackets(host)),
                                               std::to_string(port), tcp::resolver::passive, ec);
  if (ec) {
    return fail(ErrorCode::kIo,
                fmt::format("cannot listen on '{}': {}; --host takes a name or an address of this "
                            "machine, --port the port",
                            host, ec.message()));
  }
  Endpoints endpoints;
  for (const auto& entry : found) {
    if (std::ranges::find(endpoints, entry.endpoint()) == endpoints.end()) {
      endpoints.push_back(entry.endpoint());
    }
  }
  return endpoints;
}

Result<std::vector<Acceptor>> listen_on(ConnectionExecutor executor, const Endpoints& endpoints) {
  std::optional<Failure> failure;
  for (int i = 0; i < kTries; ++i) {
    std::vector<Acceptor> acceptors;
    failure = try_all(executor, endpoints, acceptors);
    if (!failure) return acceptors;
    const bool any_port = !endpoints.empty() && endpoints.front().port() == 0;
    if (!any_port || failure->reason != net::error::address_in_use) break;
  }
  return failed(failure->endpoint, failure->reason);
}

bool is_loopback(const net::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6()).is_loopback();
  }
  return address.is_loopback();
}

std::string client_url(std::string_view host, uint16_t port, bool tls) {
  const std::string_view scheme = tls ? "https" : "http";
  host = without_brackets(host);
  if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  return host.find(':') == std::string_view::npos ? fmt::format("{}://{}:{}", scheme, host, port)
                                                  : fmt::format("{}://[{}]:{}", scheme, host, port);
}

}  // namespace qaio
