// The sockets that a server listens on: one for every address that its host's name has.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/http/exchange.h"

namespace qaio {

using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, ConnectionExecutor>;
using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

// "::1" of "[::1]".
std::string_view without_brackets(std::string_view host);

// The addresses of a name of this machine or of a literal, one of IPv6 also in brackets; each once.
// Empty: every address of the machine. An error says what to do.
Result<Endpoints> resolve_host(const std::string& host, uint16_t port);

// Listens on all of them, on the same port if theirs is 0 (any free one). Addresses that the
// machine does not have, as without IPv6, do not matter if it has another one of them; whatever
// else goes wrong with any is an error that names it and says what to do.
Result<std::vector<Acceptor>> listen_on(ConnectionExecutor executor, const Endpoints& endpoints);

// Also of an IPv4 address as a socket for both versions shows it.
bool is_loopback(const boost::asio::ip::address& address);

// Where a client of this machine reaches a server that listens on `host`.
std::string client_url(std::string_view host, uint16_t port, bool tls = false);

}  // namespace qaio
