#include "server/http/client_stream.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <optional>

#include "server/http/tls_context.h"

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
  const auto own = socket.local_endpoint(gone);
  if (!gone && own.protocol().family() == AF_UNIX) {
    ends.client = kUnixClient;
    return ends;
  }
  if (!gone) {
    const auto address = address_of(own);
    ends.over_loopback = address && address->is_loopback();
  }
  const auto client = socket.remote_endpoint(gone);
  if (!gone) {
    if (const auto address = address_of(client)) ends.client = address->to_string();
  }
  return ends;
}

net::awaitable<ClientStream::Handshake> ClientStream::begin_tls(const TlsContext& context) {
  constexpr auto kAwait = net::as_tuple(net::use_awaitable);
  // Who has said nothing yet costs no session.
  auto [silent] = co_await socket_.async_wait(ConnectionSocket::wait_read, kAwait);
  if (silent) co_return Handshake::kFailed;
  char first = 0;
  if (::recv(native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT) != 1) {
    co_return Handshake::kFailed;
  }
  if (first >= 'A' && first <= 'Z') co_return Handshake::kPlainHttp;  // a method's first letter
  SSL* session = context.new_session(native_handle());
  if (session == nullptr) co_return Handshake::kFailed;
  tls_.emplace(session);
  for (;;) {
    const TlsSession::State state = tls_->handshake().state;
    if (state == TlsSession::State::kDone) co_return Handshake::kDone;
    const auto event = event_of(state);
    if (!event) break;
    auto [failed] = co_await socket_.async_wait(*event, kAwait);
    if (failed) break;
  }
  tls_.reset();
  co_return Handshake::kFailed;
}

std::optional<ConnectionSocket::wait_type> ClientStream::event_of(TlsSession::State state) {
  if (state == TlsSession::State::kWaitsToRead) return ConnectionSocket::wait_read;
  if (state == TlsSession::State::kWaitsToWrite) return ConnectionSocket::wait_write;
  return std::nullopt;
}

error_code ClientStream::error_of(TlsSession::State state) {
  if (state == TlsSession::State::kDone) return {};
  if (state == TlsSession::State::kEnded) return net::error::eof;
  return net::error::connection_aborted;
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
  if (tls_) tls_->end();
  error_code ignored;
  socket_.shutdown(ConnectionSocket::shutdown_send, ignored);
}

void ClientStream::close() {
  if (tls_) tls_->end();
  error_code ignored;  // of a connection that has just ended
  socket_.shutdown(ConnectionSocket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace qaio
