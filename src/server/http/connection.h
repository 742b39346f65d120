// One client: reads requests, has them answered in order, writes the answers.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "server/http/exchange.h"
#include "server/http/request_reader.h"
#include "server/http/router.h"
#include "server/http/server.h"

namespace qaio {

// What all connections of a server share; outlives them.
struct ConnectionContext {
  const ServerOptions& options;
  const Router& router;
  const RecordSink& sink;
  const Clock& clock;
  const SitePolicy& sites;
  const TrustedProxies& proxies;
  const AccessPolicy& access;
  MemoryBudget& memory;
  TlsContext* tls = nullptr;  // of TCP; nullptr: it is HTTP as it is
  std::atomic<bool> stopping{false};
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `health_only`: it has one of the places kept for questions after the server's health.
  Connection(ConnectionSocket socket, ConnectionContext& context, bool health_only);

  // Runs until the client or the server ends it, then calls `on_end` and lets go of itself.
  void start(std::function<void()> on_end);
  // Ends after the request whose head is here, at once if there is none; `cancel` ends that one,
  // too, with an answer as far as the client takes it at once. Any thread.
  void stop(bool cancel);

 private:
  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;
  using Timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>,
                                        ConnectionExecutor>;

  Awaitable<void> run();
  Awaitable<bool> begin_tls();  // whether there will be requests
  Awaitable<bool> wait_for_request();
  Awaitable<bool> serve_request();  // whether the connection goes on
  void stop_now(bool cancel);
  // What the client has not read of its answers counts as held, until it has. False: for so much
  // nothing is left.
  bool charge_unread();
  void recharge_unread();   // time and again, until the client has read it
  Awaitable<void> drain();  // lets the client read that before the connection ends
  void dispatch(const std::shared_ptr<Exchange>& exchange);
  // Waits for the answer and writes it. The status that the client got; none: not all was written.
  Awaitable<std::optional<int>> write_answer(Exchange& exchange, const ReadResult& request);
  // Whether the client had to be given a head and white space meanwhile.
  Awaitable<bool> wait_for_answer(Exchange& exchange, const ReadResult& request);
  std::string head_of(const HttpResponse& response, Exchange& exchange, const ReadResult& request,
                      bool known_length);
  Awaitable<bool> write_stream(Exchange& exchange, std::string head, bool chunked);
  Awaitable<bool> write_pieces(Exchange& exchange, std::string head, bool chunked);
  Awaitable<bool> write(Exchange& exchange, std::string_view head, std::string_view body);
  Awaitable<void> discard_input(std::chrono::milliseconds time);

  // Reads ahead while a request is being answered: notices a client that leaves, keeps what it
  // pipelines, of which only so much is read.
  void watch();
  void watched(const boost::system::error_code& ec, size_t bytes);
  Awaitable<void> stop_watching();

  // Suspends until wake(): whatever changes the state above calls it.
  Awaitable<void> wait();
  // At the latest until `time`; whether it was wake().
  Awaitable<bool> wait_until(Timer::time_point time);
  void wake() { wakeup_.cancel(); }

  ReadRules read_rules() const;

  // Aborts the stream's operations after `timeout` unless disarmed before.
  void arm(std::chrono::milliseconds timeout);
  void disarm();

  const ConnectionEnds ends_;
  ClientStream stream_;
  ConnectionContext& context_;
  const bool health_only_;
  boost::beast::flat_buffer buffer_;
  MemoryCharge request_charge_;  // of the buffer and the body of the request being answered
  MemoryCharge unread_charge_;   // of the answers that the kernel still holds
  Timer timer_;                  // the deadline of what is being read or written
  Timer wakeup_;                 // never expires, but in wait_until()
  Timer unread_timer_;
  uint64_t deadline_ = 0;  // number of the current one
  bool timed_out_ = false;
  bool idle_ = false;          // between requests
  bool reading_ = false;       // a request
  bool tls_expected_ = false;  // but the client speaks plain HTTP
  bool cut_off_ = false;       // nothing more is read because the server stops
  bool cancelled_ = false;     // the server waits for no client any more
  bool keep_alive_ = false;    // promised with the current answer
  bool watching_ = false;
  bool peer_closed_ = false;            // its end of the stream, or an error, has been read
  std::shared_ptr<Exchange> exchange_;  // being answered
};

}  // namespace qaio
