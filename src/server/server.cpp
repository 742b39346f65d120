#include "server/server.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "base/quick_thread.h"
#include "server/connection.h"
#include "server/request_id.h"
#include "server/response_head.h"
#include "trace/trace_context.h"

namespace qaio {
namespace {

namespace net = boost::asio;
using net::ip::tcp;

// After this a request that was cancelled is not waited for any more.
constexpr std::chrono::seconds kCancelTime{5};

// What the system may hold for a client that does not read; left alone it grows to megabytes.
constexpr int kSendBufferBytes = 256 << 10;

}  // namespace

struct Server::Impl {
  Impl(const ServerOptions& server_options, Router server_router, RecordSink record_sink,
       const Clock& clock)
      : options(server_options),
        sink(std::move(record_sink)),
        io(options.io_threads),
        acceptor(net::make_strand(io)),
        router(std::move(server_router)),
        context{options, router, sink, clock} {}

  Result<void> listen() {
    const auto failed = [&](const boost::system::error_code& ec) {
      return fail(ErrorCode::kIo, fmt::format("cannot listen on {}:{}: {}", options.host,
                                              options.port, ec.message()));
    };
    boost::system::error_code ec;
    const auto found = tcp::resolver(io).resolve(options.host, std::to_string(options.port),
                                                 tcp::resolver::passive, ec);
    if (ec) return failed(ec);
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor.open(endpoint.protocol(), ec);
    if (ec) return failed(ec);
    acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    acceptor.bind(endpoint, ec);
    if (ec) return failed(ec);
    acceptor.listen(tcp::acceptor::max_listen_connections, ec);
    if (ec) return failed(ec);
    port = acceptor.local_endpoint().port();
    return {};
  }

  net::awaitable<void> accept() {
    for (;;) {
      ConnectionSocket socket(net::make_strand(io));
      auto [ec] = co_await acceptor.async_accept(socket, net::as_tuple(net::use_awaitable));
      if (!acceptor.is_open() || context.stopping) co_return;
      if (ec) {  // out of file descriptors, most likely: those that end make room
        net::steady_timer pause(acceptor.get_executor(), std::chrono::milliseconds(100));
        co_await pause.async_wait(net::as_tuple(net::use_awaitable));
        continue;
      }
      boost::system::error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      socket.set_option(tcp::socket::send_buffer_size(kSendBufferBytes), ignored);
      add(std::move(socket));
    }
  }

  void add(ConnectionSocket socket) {
    std::shared_ptr<Connection> connection;
    uint64_t number = 0;
    {
      const std::lock_guard lock(mutex);
      if (connections.size() < static_cast<size_t>(options.connections_max)) {
        connection = std::make_shared<Connection>(std::move(socket), context);
        number = ++last_connection;
        connections.emplace(number, connection);
      }
    }
    if (!connection) return refuse(socket);
    connection->start([this, number] {
      const std::lock_guard lock(mutex);
      connections.erase(number);
      changed.notify_all();
    });
  }

  // Reads nothing: the record knows neither method nor path. A fresh socket's buffer takes the
  // whole answer at once.
  void refuse(ConnectionSocket& socket) const {
    const auto exchange = std::make_shared<Exchange>(socket.get_executor(), context.clock,
                                                     context.clock.now_ns(), 0, nullptr);
    RequestRecord& record = exchange->record();
    record.request_id = choose_request_id({});
    record.trace = begin_span({}, {}, false);
    const HttpResponse response =
        error_response(503, error_code_name(ErrorCode::kResourceExhausted),
                       "too many connections, try again later");
    record.status = response.status;
    record.error_code = response.error_code;
    const std::string head =
        response_head(response, {.content_length = response.body.size(),
                                 .keep_alive = false,
                                 .request_id = record.request_id,
                                 .trace_response = traceparent_text(record.trace),
                                 .cors_origin = options.cors_origin,
                                 .wall_unix_ms = context.clock.wall_unix_ms()});
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(net::buffer(head + response.body), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    exchange->take_figures(Stage::kHttpWrite);
    if (sink) sink(std::move(record));
  }

  void stop_connections(bool cancel) {
    const std::lock_guard lock(mutex);
    for (const auto& [number, connection] : connections) connection->stop(cancel);
  }

  bool wait_for_connections(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, time, [&] { return connections.empty(); });
  }

  void stop(std::chrono::milliseconds drain) {
    if (threads.empty()) return;
    context.stopping = true;
    net::post(acceptor.get_executor(), [this] {
      boost::system::error_code ignored;
      acceptor.close(ignored);
    });
    stop_connections(false);
    if (!wait_for_connections(drain)) {
      stop_connections(true);
      wait_for_connections(kCancelTime);
    }
    io.stop();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }

  const ServerOptions options;
  const RecordSink sink;
  net::io_context io;
  net::basic_socket_acceptor<tcp, ConnectionExecutor> acceptor;
  const Router router;  // its threads end before `io`, to which they hand their answers
  ConnectionContext context;
  uint16_t port = 0;
  std::vector<std::thread> threads;

  mutable std::mutex mutex;  // guards the connections
  std::condition_variable changed;
  std::map<uint64_t, std::shared_ptr<Connection>> connections;
  uint64_t last_connection = 0;
};

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Router router,
                                              RecordSink sink, const Clock& clock) {
  if (options.io_threads < 1 || options.connections_max < 1) {
    return fail(ErrorCode::kInvalidArgument, "a server needs at least one thread and connection");
  }
  auto impl = std::make_unique<Impl>(options, std::move(router), std::move(sink), clock);
  QAIO_RETURN_IF_ERROR(impl->listen());
  net::co_spawn(impl->acceptor.get_executor(), impl->accept(), net::detached);
  for (int i = 0; i < options.io_threads; ++i) {
    impl->threads.emplace_back([io = &impl->io] {
      make_this_thread_quick();
      const auto work = net::make_work_guard(*io);
      io->run();
    });
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { stop(std::chrono::milliseconds(0)); }

uint16_t Server::port() const { return impl_->port; }

int Server::connections() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<int>(impl_->connections.size());
}

void Server::stop(std::chrono::milliseconds drain) { impl_->stop(drain); }

}  // namespace qaio
