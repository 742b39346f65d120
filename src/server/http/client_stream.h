// The bytes to and from one client, whichever way it came, so that who reads requests and writes
// answers knows no difference.
#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/tls_session.h"

namespace qaio {

class TlsContext;

using ConnectionExecutor = boost::asio::strand<boost::asio::io_context::executor_type>;
// Of TCP or a Unix socket.
using ConnectionSocket =
    boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, ConnectionExecutor>;

// The two ends of a connection as they stood when it was accepted.
// What a client that came over a Unix socket is called: it has no address.
inline constexpr std::string_view kUnixClient = "unix";
struct ConnectionEnds {
  std::string client;          // its address, without the port, or kUnixClient
  bool over_loopback = false;  // the server's end is a loopback address
};
ConnectionEnds ends_of(const ConnectionSocket& socket);

// One read and one write may be under way at once. A read that is cancelled loses nothing: the next
// one goes on where it was. After a write that was cancelled there can be no other. On the
// connection's executor.
class ClientStream {
 public:
  using executor_type = ConnectionExecutor;
  using Error = boost::system::error_code;

  explicit ClientStream(ConnectionSocket socket) : socket_(std::move(socket)) {}

  executor_type get_executor() { return socket_.get_executor(); }
  int native_handle() { return socket_.native_handle(); }

  enum class Handshake : uint8_t {
    kDone,
    kPlainHttp,  // the client does not speak TLS but HTTP, and can be answered in it
    kFailed,
  };
  // Before anything is read. The caller bounds the time by cancelling.
  boost::asio::awaitable<Handshake> begin_tls(const TlsContext& context);
  bool over_tls() const { return tls_.has_value(); }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (!tls_) return socket_.async_read_some(buffers, std::forward<Token>(token));
    return boost::asio::async_compose<Token, void(Error, size_t)>(
        TlsTransfer(*this, first_of<boost::asio::mutable_buffer>(buffers)), token, socket_);
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    if (!tls_) return socket_.async_write_some(buffers, std::forward<Token>(token));
    TlsTransfer write(*this, first_of<boost::asio::const_buffer>(buffers));
    if (write.source.size() < boost::asio::buffer_size(buffers)) {
      // Head and body of a short answer are one record and one packet.
      write.together.resize(std::min(boost::asio::buffer_size(buffers), kTlsRecordBytes));
      boost::asio::buffer_copy(boost::asio::buffer(write.together), buffers);
      write.source = boost::asio::buffer(write.together);
    }
    return boost::asio::async_compose<Token, void(Error, size_t)>(std::move(write), token, socket_);
  }

  // Until the connection has failed, as by a reset; reads nothing.
  template <typename Token>
  auto async_wait_for_failure(Token&& token) {
    return socket_.async_wait(ConnectionSocket::wait_error, std::forward<Token>(token));
  }

  // What is under way ends with operation_aborted.
  void cancel();
  // The read under way ends, and so does the next one.
  void shutdown_receive();
  // The client is told that nothing more comes.
  void shutdown_send();
  // Both, without waiting for the client.
  void close();

 private:
  static constexpr size_t kTlsRecordBytes = 16 << 10;

  // One that is not empty, if there is one: an empty write would end the one before it.
  template <typename Buffer, typename Buffers>
  static Buffer first_of(const Buffers& buffers) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end; ++at) {
      if (const Buffer buffer(*at); buffer.size() > 0) return buffer;
    }
    return {};
  }

  // A read or a write. It waits for the socket and not in it: bytes are taken from the socket only
  // when they can be handed over, so that a wait that is cancelled loses none.
  struct TlsTransfer {
    TlsTransfer(ClientStream& of, boost::asio::mutable_buffer buffer)
        : stream(of), writes(false), target(buffer) {}
    TlsTransfer(ClientStream& of, boost::asio::const_buffer buffer)
        : stream(of), writes(true), source(buffer) {}

    template <typename Self>
    void operator()(Self& self, Error ec = {}) {
      if (done) return self.complete(error, bytes);
      if (!ec && source.size() + target.size() > 0) {
        const TlsSession::Step step = writes ? stream.tls_->write(source.data(), source.size())
                                             : stream.tls_->read(target.data(), target.size());
        if (const auto event = event_of(step.state)) {
          waited = true;
          return stream.socket_.async_wait(*event, std::move(self));
        }
        ec = error_of(step.state);
        bytes = step.bytes;
      }
      if (waited) return self.complete(ec, bytes);
      done = true;  // who has begun this is to have got away first
      error = ec;
      boost::asio::post(stream.get_executor(), std::move(self));
    }

    ClientStream& stream;
    bool writes;
    boost::asio::mutable_buffer target = {};
    boost::asio::const_buffer source = {};
    std::vector<char> together = {};
    bool waited = false;
    bool done = false;
    Error error = {};
    size_t bytes = 0;
  };
  // What the socket must be waited for; none: nothing.
  static std::optional<ConnectionSocket::wait_type> event_of(TlsSession::State state);
  static Error error_of(TlsSession::State state);

  ConnectionSocket socket_;
  std::optional<TlsSession> tls_;
};

}  // namespace qaio
