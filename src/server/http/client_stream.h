// The bytes to and from one client, whichever way it came, so that who reads requests and writes
// answers knows no difference.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <string>
#include <utility>

namespace qaio {

using ConnectionExecutor = boost::asio::strand<boost::asio::io_context::executor_type>;
// Of TCP or a Unix socket.
using ConnectionSocket =
    boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, ConnectionExecutor>;

// The two ends of a connection as they stood when it was accepted.
struct ConnectionEnds {
  std::string client;          // the address of the client, without the port
  bool over_loopback = false;  // the server's end is a loopback address
};
ConnectionEnds ends_of(const ConnectionSocket& socket);

// One read and one write may be under way at once. A read that is cancelled loses nothing: the next
// one goes on where it was. After a write that was cancelled there can be no other. On the
// connection's executor.
class ClientStream {
 public:
  using executor_type = ConnectionExecutor;

  explicit ClientStream(ConnectionSocket socket) : socket_(std::move(socket)) {}

  executor_type get_executor() { return socket_.get_executor(); }
  int native_handle() { return socket_.native_handle(); }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return socket_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return socket_.async_write_some(buffers, std::forward<Token>(token));
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
  ConnectionSocket socket_;
};

}  // namespace qaio
