// The bytes of one connection to a target: TCP or a Unix socket, plain or within TLS.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "load/sample.h"
#include "load/transport.h"

namespace qaio {

// An AsyncStream, as Beast calls it, once it is open.
class LoadStream {
 public:
  using Socket = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;
  using executor_type = Socket::executor_type;

  // The transport outlives the stream.
  LoadStream(boost::asio::io_context& io, const Transport& transport)
      : socket_(io), transport_(transport) {}

  executor_type get_executor() { return socket_.get_executor(); }

  // Of everything that begins until the next call.
  void expires_after(std::chrono::nanoseconds timeout) { socket_.expires_after(timeout); }
  void expires_never() { socket_.expires_never(); }

  // Connects, and shakes hands where there is TLS. `times` has how long both took. What failed has
  // kind kTimeout without a detail, kConnect or kTls.
  boost::asio::awaitable<std::optional<Failure>> open(OpenTimes& times);
  bool is_open() const { return open_; }
  // Ends what is running; whatever comes next needs open().
  void close();

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, size_t)>(
        [this](auto handler, const Buffers& to) {
          if (tls_) return tls_->async_read_some(to, std::move(handler));
          socket_.async_read_some(to, std::move(handler));
        },
        token, buffers);
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, size_t)>(
        [this](auto handler, const Buffers& from) {
          if (tls_) return tls_->async_write_some(from, std::move(handler));
          socket_.async_write_some(from, std::move(handler));
        },
        token, buffers);
  }

 private:
  boost::asio::awaitable<std::optional<Failure>> shake_hands();

  Socket socket_;
  const Transport& transport_;
  // Beast's and not Asio's, which would make a record of each buffer: head and body go as one.
  std::optional<boost::beast::ssl_stream<Socket&>> tls_;
  bool open_ = false;
};

}  // namespace qaio
