#include "server/http/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/low_latency_thread.h"
#include "base/mutex.h"
#include "server/http/connection.h"
#include "server/http/listen.h"
#include "server/http/request_id.h"
#include "server/http/response_head.h"
#include "server/http/tls_context.h"
#include "server/http/unix_listener.h"
#include "trace/trace_context.h"

namespace qaio {
namespace {

namespace net = boost::asio;
using net::ip::tcp;

constexpr auto kAwait = net::as_tuple(net::use_awaitable);

// After this a request that was cancelled is not waited for any more.
constexpr std::chrono::seconds kCancelTime{5};

// Of accepting, while the system has no file descriptor or memory for another connection.
constexpr std::chrono::milliseconds kAcceptPause{100};

// What every connection may hold is set aside; the rest is shared by those who need more.
size_t connections_bytes(const ServerOptions& options) {
  const size_t places = static_cast<size_t>(options.connections_max) + kHealthPlaces;
  return places * kConnectionBytes + (options.tls ? tls_bytes(options) : 0);
}

Result<void> check(const ServerOptions& options) {
  if (options.io_threads < 1 || options.connections_max < 1) {
    return fail(ErrorCode::kInvalidArgument, "a server needs at least one thread and connection");
  }
  const size_t needed = connections_bytes(options) + options.body_bytes_max + kSendBufferHeldBytes;
  if (options.memory_bytes_max < needed) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} MiB are too little for {} connections and a body of {} bytes: at "
                            "least {} MiB (--http-memory-mib), or fewer connections "
                            "(--connections-max)",
                            options.memory_bytes_max >> 20, options.connections_max,
                            options.body_bytes_max, (needed + (1 << 20) - 1) >> 20));
  }
  return {};
}

// An alert in the clear, "internal_error": who has not said a word yet can be told no more.
constexpr std::array<unsigned char, 7> kTlsRefusal = {21, 3, 3, 0, 2, 2, 80};

// A file descriptor kept free, so that a connection for which none is left can be told so.
class SpareDescriptor {
 public:
  SpareDescriptor() { open(); }
  ~SpareDescriptor() { close(); }
  SpareDescriptor(const SpareDescriptor&) = delete;
  SpareDescriptor& operator=(const SpareDescriptor&) = delete;

  void open() {
    if (number_ < 0) number_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  // False: it was not free.
  bool close() {
    const int number = std::exchange(number_, -1);
    return number >= 0 && ::close(number) == 0;
  }

 private:
  int number_ = -1;
};

}  // namespace

size_t tls_bytes(const ServerOptions& options) {
  return (static_cast<size_t>(options.connections_max) + kHealthPlaces) * kTlsConnectionBytes;
}

struct Server::Impl {
  Impl(const ServerOptions& server_options, Router server_router, RecordSink record_sink,
       const Clock& clock)
      : options(server_options),
        sink(std::move(record_sink)),
        sites(options.allowed_hosts, options.cors_origins, options.host),
        access(options.keys, sites.has_cors_origins()),
        memory(options.memory_bytes_max - connections_bytes(options)),
        io(options.io_threads),
        accepting(net::make_strand(io)),
        router(std::move(server_router)),
        context{options, router, sink, clock, sites, proxies, access, memory} {}
  ~Impl() { stop(std::chrono::milliseconds(0)); }  // of a start that failed half-way

  Result<void> listen() {
    QAIO_ASSIGN(proxies, TrustedProxies::parse(options.trusted_proxies));
    if (options.tls) {
      QAIO_ASSIGN(tls, TlsContext::load(*options.tls, context.clock));
      context.tls = tls.get();
    }
    if (options.tcp) {
      QAIO_ASSIGN(const Endpoints endpoints, resolve_host(options.host, options.port));
      QAIO_ASSIGN(acceptors, listen_on(accepting, endpoints));
      port = acceptors.front().local_endpoint().port();
    }
    if (!options.unix_socket.empty()) {
      QAIO_ASSIGN(unix_listener,
                  UnixListener::listen(accepting, options.unix_socket, options.unix_socket_mode));
      net::co_spawn(accepting, accept(unix_listener->acceptor()), net::detached);
    }
    for (Acceptor& acceptor : acceptors) net::co_spawn(accepting, accept(acceptor), net::detached);
    return {};
  }

  template <typename AnyAcceptor>
  net::awaitable<void> accept(AnyAcceptor& acceptor) {
    for (;;) {
      ConnectionSocket socket(net::make_strand(io));
      auto [ec] = co_await acceptor.async_accept(socket, kAwait);
      if (!acceptor.is_open() || context.stopping) co_return;
      bool taken = false;
      try {
        if (!ec) {
          add(std::move(socket));
          taken = true;
        } else if (spare.close()) {
          taken = co_await refuse_one(acceptor);
        }
      } catch (const std::exception&) {  // out of memory: this one is closed, others may come
      }
      spare.open();
      if (taken) continue;
      net::steady_timer pause(accepting, kAcceptPause);
      co_await pause.async_wait(kAwait);
    }
  }

  // Without a descriptor for them, those who wait to be accepted would wait for as long as others
  // keep their connections: uses the spare one to tell one of them. Whether there was one.
  template <typename AnyAcceptor>
  net::awaitable<bool> refuse_one(AnyAcceptor& acceptor) {
    ConnectionSocket socket(net::make_strand(io));
    boost::system::error_code ec;
    acceptor.non_blocking(true, ec);
    acceptor.accept(socket, ec);
    if (ec) co_return false;
    net::steady_timer patience(accepting, kAcceptPause);
    using boost::asio::experimental::awaitable_operators::operator||;
    co_await (socket.async_wait(tcp::socket::wait_read, kAwait) || patience.async_wait(kAwait));
    refuse(socket);
    co_return true;
  }

  void add(ConnectionSocket socket) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(tcp::socket::send_buffer_size(kSendBufferBytes), ignored);
    std::shared_ptr<Connection> connection;
    uint64_t number = 0;
    {
      const MutexLock lock(mutex);
      const auto places_max = static_cast<size_t>(options.connections_max);
      if (connections.size() < places_max + kHealthPlaces) {
        const bool health_only = connections.size() >= places_max;
        connection = std::make_shared<Connection>(std::move(socket), context, health_only);
        number = ++last_connection;
        connections.emplace(number, connection);
      }
    }
    if (!connection) return refuse(socket);
    connection->start([this, number] {
      const MutexLock lock(mutex);
      connections.erase(number);
      changed.notify_all();
    });
  }

  // Parses nothing: the record knows neither method nor path. A fresh socket's buffer takes the
  // whole answer at once.
  void refuse(ConnectionSocket& socket) const {
    const auto exchange =
        std::make_shared<Exchange>(socket.get_executor(), context.clock, context.clock.now_ns(),
                                   context.memory, 0, socket.native_handle(), nullptr);
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
                                 .wall_unix_ms = context.clock.wall_unix_ms()});
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    if (context.tls != nullptr && ends_of(socket).client != kUnixClient) {
      socket.write_some(net::buffer(kTlsRefusal), ignored);
    } else {
      socket.write_some(net::buffer(head + response.body), ignored);
    }
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    // What is unread when a socket is closed resets the connection, and the answer may be lost.
    std::array<char, 4096> unread;
    for (int i = 0; i < 16 && !ignored; ++i) socket.read_some(net::buffer(unread), ignored);
    exchange->take_figures(Stage::kHttpWrite);
    if (sink) sink(std::move(record));
  }

  void stop_connections(bool cancel) {
    const MutexLock lock(mutex);
    for (const auto& [number, connection] : connections) connection->stop(cancel);
  }

  bool wait_for_connections(std::chrono::milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    const MutexLock lock(mutex);
    while (!connections.empty() && changed.wait_until(mutex, until)) continue;
    return connections.empty();
  }

  void stop(std::chrono::milliseconds drain) {
    if (threads.empty()) return;
    context.stopping = true;
    net::post(accepting, [this] {
      boost::system::error_code ignored;
      for (Acceptor& acceptor : acceptors) acceptor.close(ignored);
      if (unix_listener) unix_listener->close();
    });
    stop_connections(false);
    if (!wait_for_connections(drain)) {
      stop_connections(true);
      wait_for_connections(kCancelTime);
    }
    io.stop();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    if (unix_listener) unix_listener->close();
  }

  const ServerOptions options;
  const RecordSink sink;
  const SitePolicy sites;
  TrustedProxies proxies;
  const AccessPolicy access;
  MemoryBudget memory;  // outlives what waits in `io`, which gives back what it has taken
  net::io_context io;
  const ConnectionExecutor accepting;  // of all acceptors
  std::vector<Acceptor> acceptors;
  std::unique_ptr<UnixListener> unix_listener;
  std::unique_ptr<TlsContext> tls;
  const Router router;  // its threads end before `io`, to which they hand their answers
  ConnectionContext context;
  SpareDescriptor spare;
  uint16_t port = 0;
  std::vector<std::thread> threads;

  mutable Mutex mutex;
  CondVar changed;
  std::map<uint64_t, std::shared_ptr<Connection>> connections QAIO_GUARDED_BY(mutex);
  uint64_t last_connection QAIO_GUARDED_BY(mutex) = 0;
};

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Router router,
                                              RecordSink sink, const Clock& clock) {
  QAIO_RETURN_IF_ERROR(check(options));
  auto impl = std::make_unique<Impl>(options, std::move(router), std::move(sink), clock);
  QAIO_RETURN_IF_ERROR(impl->listen());
  for (int i = 0; i < options.io_threads; ++i) {
    impl->threads.emplace_back([io = &impl->io] {
      use_low_latency_scheduling();
      const auto work = net::make_work_guard(*io);
      while (!io->stopped()) {
        try {
          io->run();
        } catch (const std::exception&) {  // out of memory: one handler's work is lost, no more
        }
      }
    });
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { stop(std::chrono::milliseconds(0)); }

uint16_t Server::port() const { return impl_->port; }

TlsContext* Server::tls() const { return impl_->tls.get(); }

int Server::connections() const {
  const MutexLock lock(impl_->mutex);
  return static_cast<int>(impl_->connections.size());
}

ConnectionState Server::state() const {
  ConnectionState state = {.connections = connections(),
                           .memory_bytes = impl_->memory.bytes_used(),
                           .memory_bytes_max = impl_->memory.bytes_max()};
  if (impl_->tls) state.tls = impl_->tls->state();
  return state;
}

void Server::stop(std::chrono::milliseconds drain) { impl_->stop(drain); }
void Server::cut_short() { impl_->stop_connections(true); }

}  // namespace qaio
