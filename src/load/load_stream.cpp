#include "load/load_stream.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>

namespace qaio {
namespace {

namespace net = boost::asio;
using boost::system::error_code;

constexpr auto kAwait = net::as_tuple(net::use_awaitable);

Failure timeout() { return {.kind = FailureKind::kTimeout, .status = 0, .detail = {}}; }

// Whom the server must prove to be; what it is asked to be, where that is a name.
void expect(SSL* ssl, std::string server_name) {
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  error_code ec;
  net::ip::make_address(server_name, ec);
  if (!ec) {
    X509_VERIFY_PARAM_set1_ip_asc(wanted, server_name.c_str());
    return;
  }
  X509_VERIFY_PARAM_set1_host(wanted, server_name.c_str(), server_name.size());
  // What SSL_set_tlsext_host_name() is, without its cast.
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, server_name.data());
}

// A server may be good and only its certificate unknown: then its reason says what to do.
std::string tls_problem(SSL* ssl, const error_code& ec) {
  const long verified = SSL_get_verify_result(ssl);
  if (verified == X509_V_OK) return "no TLS: " + ec.message();
  return std::string("the server's certificate is not trusted: ") +
         X509_verify_cert_error_string(verified) +
         "; name its authority with --ca-file, or trust anybody with --insecure";
}

}  // namespace

net::awaitable<std::optional<Failure>> LoadStream::open(OpenTimes& times) {
  const Clock& clock = SteadyClock::instance();
  times = {};
  const TimeNs begin_ns = clock.now_ns();
  const auto [ec, endpoint] = co_await socket_.async_connect(transport_.endpoints, kAwait);
  if (ec == boost::beast::error::timeout) co_return timeout();
  if (ec) co_return Failure{FailureKind::kConnect, 0, ec.message()};
  error_code ignored;  // a Unix socket has no such thing
  socket_.socket().set_option(net::ip::tcp::no_delay(true), ignored);
  const TimeNs connected_ns = clock.now_ns();
  times.connect_ns = connected_ns - begin_ns;
  if (transport_.tls) {
    if (auto failure = co_await shake_hands()) co_return failure;
    times.tls_ns = clock.now_ns() - connected_ns;
  }
  open_ = true;
  co_return std::nullopt;
}

net::awaitable<std::optional<Failure>> LoadStream::shake_hands() {
  tls_.emplace(socket_, *transport_.tls);
  expect(tls_->native_handle(), transport_.server_name);
  const auto [ec] = co_await tls_->async_handshake(net::ssl::stream_base::client, kAwait);
  if (ec == boost::beast::error::timeout) co_return timeout();
  if (ec) co_return Failure{FailureKind::kTls, 0, tls_problem(tls_->native_handle(), ec)};
  co_return std::nullopt;
}

void LoadStream::close() {
  error_code ignored;
  socket_.socket().shutdown(net::socket_base::shutdown_both, ignored);
  socket_.socket().close(ignored);
  open_ = false;
}

}  // namespace qaio
