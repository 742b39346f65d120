#include "server/http/client_stream.h"

#include <boost/asio/ip/tcp.hpp>
#include <cstring>
#include <optional>

namespace qaio {
namespace {

namespace net = boost::asio;
using boost::system::error_code;

// An IPv4 address as itself also where a socket for both versions shows it as one of IPv6. None: it
// is no address of the internet.
std::optional<net::ip::address> address_of(const net::generic::stream_protocol::endpoint& end) {
  const int family = end.protocol().family();
  net::ip::tcp::endpoint ip;
  if ((family != AF_INET && family != AF_INET6) || end.size() > ip.capacity()) return std::nullopt;
  std::memcpy(ip.data(), end.data(), end.size());
  const net::ip::address address = ip.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6());
  }
  return address;
}

}  // namespace

ConnectionEnds ends_of(const ConnectionSocket& socket) {
  ConnectionEnds ends;
  error_code gone;
  const auto client = socket.remote_endpoint(gone);
  if (!gone) {
    if (const auto address = address_of(client)) ends.client = address->to_string();
  }
  const auto own = socket.local_endpoint(gone);
  if (!gone) {
    const auto address = address_of(own);
    ends.over_loopback = address && address->is_loopback();
  }
  return ends;
}

void ClientStream::cancel() {
  error_code ignored;
  socket_.cancel(ignored);
}

void ClientStream::shutdown_receive() {
  error_code ignored;
  socket_.shutdown(ConnectionSocket::shutdown_receive, ignored);
}

void ClientStream::shutdown_send() {
  error_code ignored;
  socket_.shutdown(ConnectionSocket::shutdown_send, ignored);
}

void ClientStream::close() {
  error_code ignored;  // of a connection that has just ended
  socket_.shutdown(ConnectionSocket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace qaio
