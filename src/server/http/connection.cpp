#include "server/http/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "record/outcome.h"
#include "server/http/kernel_buffers.h"
#include "server/http/response_head.h"

namespace qaio {
namespace {

namespace net = boost::asio;

constexpr auto kAwait = net::as_tuple(net::use_awaitable);

constexpr size_t kReadChunk = 4096;         // what an idle connection holds
constexpr size_t kReadAheadMax = 64 << 10;  // of pipelined requests
constexpr std::chrono::milliseconds kHandshakeTime{10'000};
constexpr std::chrono::milliseconds kFailedHandshakeTime{500};
constexpr std::chrono::seconds kHealthPlaceTime{2};  // to ask, and to be rid of the answer
constexpr size_t kDiscardMax = 64 << 20;  // of a refused body, so that the refusal is read
constexpr std::chrono::seconds kDiscardTime{5};
constexpr std::chrono::milliseconds kFarewellTime{100};  // to take what is left once cancelled
constexpr std::chrono::seconds kUnreadPause{1};          // between looks at what is still unread
constexpr int kEmptyLinesMax = 8;                        // before a request

// A piece as HTTP/1.1's chunked coding frames it.
std::string as_chunk(const std::string& piece) {
  return fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
}

// What a browser asks before it sends a request of another site's page. "*" does not include
// Authorization.
HttpResponse preflight_response() {
  HttpResponse response;
  response.headers = {{"Access-Control-Allow-Methods", "GET, POST"},
                      {"Access-Control-Allow-Headers", "Authorization, *"},
                      {"Access-Control-Max-Age", "86400"}};
  return response;
}

// RFC 9112, 2.2: some clients send an empty line behind a body. They belong to no request. Whether
// one begins behind them.
bool skip_empty_lines(boost::beast::flat_buffer& buffer, int& lines_left) {
  const auto bytes = [&buffer] {
    return std::string_view(static_cast<const char*>(buffer.data().data()), buffer.size());
  };
  for (; lines_left > 0 && bytes().starts_with("\r\n"); --lines_left) buffer.consume(2);
  return !bytes().empty() && (bytes() != "\r" || lines_left == 0);
}

}  // namespace

Connection::Connection(ConnectionSocket socket, ConnectionContext& context, bool health_only)
    : ends_(ends_of(socket)),
      stream_(std::move(socket)),
      context_(context),
      health_only_(health_only),
      buffer_(kReadAheadMax),
      request_charge_(context.memory, kFreeRequestBytes),
      unread_charge_(context.memory, kFreeAnswerBytes),
      timer_(stream_.get_executor()),
      wakeup_(stream_.get_executor(), Timer::time_point::max()),
      unread_timer_(stream_.get_executor()) {}

ReadRules Connection::read_rules() const {
  return {.options = context_.options,
          .sites = context_.sites,
          .proxies = context_.proxies,
          .access = context_.access,
          .router = context_.router,
          .over_tls = stream_.over_tls(),
          .over_loopback = ends_.over_loopback,
          .tls_expected = tls_expected_,
          .health_only = health_only_};
}

void Connection::start(std::function<void()> on_end) {
  net::co_spawn(
      stream_.get_executor(), [self = shared_from_this()] { return self->run(); },
      [self = shared_from_this(), on_end = std::move(on_end)](const std::exception_ptr&) {
        on_end();
      });
}

void Connection::stop(bool cancel) {
  net::post(stream_.get_executor(),
            [self = shared_from_this(), cancel] { self->stop_now(cancel); });
}

void Connection::stop_now(bool cancel) {
  cancel = cancel || (exchange_ && exchange_->ends_with_server());
  cancelled_ = cancelled_ || cancel;
  const bool head_missing = reading_ && exchange_->record().request_id.empty();
  if (idle_ || head_missing || (cancel && reading_)) {
    cut_off_ = true;
    // Ends the next read, too, if this one has just ended.
    stream_.shutdown_receive();
  }
  if (!cancel) return;
  if (exchange_) exchange_->cancel();
  stream_.cancel();  // a write that waits for the client
  wake();
}

net::awaitable<void> Connection::run() {
  bool open = co_await begin_tls();
  while (open) {
    open = co_await wait_for_request();
    if (open) open = co_await serve_request();
  }
  co_await drain();
  stream_.close();
}

net::awaitable<bool> Connection::begin_tls() {
  if (context_.tls == nullptr || ends_.client == kUnixClient) co_return true;
  idle_ = true;
  arm(health_only_ ? kHealthPlaceTime : std::min(kHandshakeTime, context_.options.read_timeout));
  ClientStream::Handshake handshake = ClientStream::Handshake::kFailed;
  if (!context_.stopping) handshake = co_await stream_.begin_tls(*context_.tls);
  disarm();
  idle_ = false;
  context_.tls->count_handshake(handshake == ClientStream::Handshake::kDone);
  tls_expected_ = handshake == ClientStream::Handshake::kPlainHttp;
  if (handshake != ClientStream::Handshake::kFailed) co_return true;
  if (!timed_out_) co_await discard_input(kFailedHandshakeTime);  // it may yet read why
  co_return false;
}

// The time between requests belongs to none of them: returns with the first byte of one.
net::awaitable<bool> Connection::wait_for_request() {
  arm(health_only_ ? kHealthPlaceTime : context_.options.idle_timeout);
  int empty_lines_left = kEmptyLinesMax;
  bool begun = false;
  while (!context_.stopping) {
    begun = skip_empty_lines(buffer_, empty_lines_left);
    if (begun) break;
    if (buffer_.capacity() > kReadChunk) buffer_.shrink_to_fit();  // an idle one holds little
    request_charge_.resize(0);
    idle_ = true;
    auto [ec, bytes] = co_await stream_.async_read_some(buffer_.prepare(kReadChunk), kAwait);
    idle_ = false;
    buffer_.commit(bytes);
    if (ec) break;
  }
  disarm();
  co_return begun;
}

net::awaitable<bool> Connection::serve_request() {
  auto exchange = std::make_shared<Exchange>(
      stream_.get_executor(), context_.clock, context_.clock.now_ns(), context_.memory,
      context_.options.stream_bytes_max, stream_.native_handle(), [this] { wake(); });
  // Also where memory ends on the way: what answers later must not reach this connection.
  struct Detach {
    Exchange& exchange;
    ~Detach() {
      if (!exchange.complete()) exchange.leave();
      exchange.detach();
    }
  } const detach_at_end{*exchange};
  exchange_ = exchange;
  exchange->mutable_request().client = ends_.client;
  reading_ = true;
  arm(health_only_ ? kHealthPlaceTime : context_.options.read_timeout);
  const ReadResult request =
      co_await read_request(stream_, buffer_, read_rules(), request_charge_, *exchange);
  disarm();
  reading_ = false;
  exchange->lap(Stage::kHttpRead);

  bool refused = request.outcome == ReadResult::Outcome::kRefused;
  if (request.outcome == ReadResult::Outcome::kComplete) {
    dispatch(exchange);
  } else if (request.outcome == ReadResult::Outcome::kGone && cut_off_) {
    exchange->respond(error_response(503, error_code_name(ErrorCode::kCancelled),
                                     "the server stops and waits for the request no longer"));
  } else if (request.outcome == ReadResult::Outcome::kGone && timed_out_) {
    refused = true;
    exchange->respond(error_response(408, "timeout", "the request did not arrive in time"));
  } else if (request.outcome == ReadResult::Outcome::kGone) {
    exchange->respond({});
    exchange->leave();
  }
  const std::optional<int> status = co_await write_answer(*exchange, request);
  const bool written = status.has_value();

  RequestRecord record = std::move(exchange->record());
  record.status = status.value_or(kClientClosedRequest);
  if (!written) {
    record.error_code = exchange->why_left();
  } else if (record.error_code.empty()) {  // else of a stream that ended with it
    record.error_code = exchange->response()->error_code;
  }
  exchange->key().count(record);
  exchange->detach();
  exchange_.reset();
  request_charge_.resize(buffer_.capacity());
  if (context_.sink) context_.sink(std::move(record));
  const bool room = charge_unread();
  if (refused && written && !keep_alive_) co_await discard_input(kDiscardTime);
  co_return written&& keep_alive_ && !peer_closed_ && room;
}

bool Connection::charge_unread() {
  const size_t bytes = unread_bytes(stream_.native_handle());
  if (!unread_charge_.resize(bytes)) {
    drop_unread_at_close(stream_.native_handle());
    return false;
  }
  if (bytes > kFreeAnswerBytes) recharge_unread();
  return true;
}

void Connection::recharge_unread() {
  unread_timer_.expires_after(kUnreadPause);
  unread_timer_.async_wait([self = weak_from_this()](const boost::system::error_code& ec) {
    const auto connection = self.lock();
    if (!ec && connection) connection->charge_unread();
  });
}

// Where the client does not read it, it is dropped: else the kernel would hold it for minutes, and
// nobody would count it.
net::awaitable<void> Connection::drain() {
  const int descriptor = stream_.native_handle();
  const auto end = Timer::clock_type::now() + context_.options.write_timeout;
  std::chrono::milliseconds pause(1);
  while (unread_bytes(descriptor) > kFreeAnswerBytes) {
    if (cancelled_ || Timer::clock_type::now() >= end) {
      drop_unread_at_close(descriptor);
      break;
    }
    co_await wait_until(Timer::clock_type::now() + pause);
    pause = std::min(2 * pause, std::chrono::milliseconds(kUnreadPause));
  }
  unread_timer_.cancel();
}

void Connection::dispatch(const std::shared_ptr<Exchange>& exchange) {
  HttpRequest& request = exchange->mutable_request();
  if (request.method == "OPTIONS" && context_.sites.has_cors_origins()) {
    exchange->respond(preflight_response());
    return;
  }
  const Router::Match match = context_.router.match(request.method, request.path);
  if (match.handler == nullptr && match.route.empty()) {
    exchange->respond(error_response(
        404, "not_found", "there is nothing at this path" + context_.router.hint(request.path)));
    return;
  }
  if (match.handler == nullptr) {
    HttpResponse response =
        error_response(405, "method_not_allowed", "this path answers " + match.allow + " only");
    response.headers.push_back({"Allow", match.allow});
    exchange->respond(std::move(response));
    return;
  }
  request.parameter = match.parameter;
  try {
    (*match.handler)(exchange);
  } catch (const std::exception& error) {  // one request fails, not the server
    exchange->fail(error);
  }
  if (context_.stopping && exchange->ends_with_server()) stop_now(true);
}

net::awaitable<std::optional<int>> Connection::write_answer(Exchange& exchange,
                                                            const ReadResult& request) {
  if (!exchange.complete()) watch();
  const bool head_is_out = co_await wait_for_answer(exchange, request);

  const HttpResponse& response = *exchange.response();
  const int status = head_is_out ? HttpResponse().status : response.status;
  const bool known_length = !head_is_out && !exchange.streaming() && !response.next_piece;
  const bool chunked = !known_length && !request.http_1_0;
  std::string head;
  if (!head_is_out) head = head_of(response, exchange, request, known_length);

  bool written = false;
  if (exchange.streaming()) {
    written = co_await write_stream(exchange, std::move(head), chunked);
  } else if (!exchange.left()) {
    const bool head_only = exchange.request().method == "HEAD";
    if (!known_length && !head_only) {
      written = co_await write_pieces(exchange, std::move(head), chunked);
    } else {
      written = co_await write(exchange, head, head_only ? std::string_view() : response.body);
    }
  }
  written = written || exchange.ended_by_client();
  exchange.take_figures(written ? std::optional(Stage::kHttpWrite) : std::nullopt);
  co_await stop_watching();
  co_return written ? std::optional(status) : std::nullopt;
}

net::awaitable<bool> Connection::wait_for_answer(Exchange& exchange, const ReadResult& request) {
  const std::string white_space = request.http_1_0 ? " " : as_chunk(" ");
  Timer::time_point next = Timer::clock_type::now() + context_.options.answer_silence_max;
  bool head_is_out = false;
  while (!exchange.response()) {
    if (exchange.abandoned()) {
      exchange.leave();
      exchange.respond({});
      continue;
    }
    if (co_await wait_until(next)) continue;
    next = Timer::clock_type::now() + context_.options.answer_silence_max;
    if (!exchange.long_wait_expected() || exchange.left()) continue;
    std::string head;
    if (!std::exchange(head_is_out, true)) {
      HttpResponse response;
      response.headers = unbuffered_headers();
      head = head_of(response, exchange, request, /*known_length=*/false);
    }
    co_await write(exchange, head, white_space);
  }
  co_return head_is_out;
}

// Decides whether the connection goes on.
std::string Connection::head_of(const HttpResponse& response, Exchange& exchange,
                                const ReadResult& request, bool known_length) {
  ResponseFraming framing;
  framing.chunked = !known_length && !request.http_1_0;
  keep_alive_ = request.keep_alive && !context_.stopping && !health_only_ &&
                (known_length || framing.chunked);
  framing.keep_alive = keep_alive_;
  framing.request_id = exchange.record().request_id;
  framing.trace_response = traceparent_text(exchange.record().trace);
  framing.vary_origin = context_.sites.varies_by_origin();
  framing.cors_origin = context_.sites.cors_origin(exchange.request().origin);
  framing.wall_unix_ms = context_.clock.wall_unix_ms();
  if (known_length) framing.content_length = response.body.size();
  return response_head(response, framing);
}

net::awaitable<bool> Connection::write_stream(Exchange& exchange, std::string head, bool chunked) {
  Timer::time_point silent_at;  // when the client has heard nothing for too long
  bool silent = false;
  bool written = true;
  for (bool first = true;; first = false) {
    // One without an end would outlive the key that began it.
    if (exchange.ends_with_server() && exchange.key().over(context_.clock.wall_unix_ms())) {
      exchange.cancel();
    }
    const bool last = exchange.complete() || exchange.abandoned();
    if (exchange.abandoned()) exchange.leave();
    std::string piece = exchange.take_pending();
    if (silent && piece.empty() && !last) piece = exchange.response()->while_silent;
    if (chunked && !piece.empty()) piece = as_chunk(piece);
    if (chunked && last) piece += "0\r\n\r\n";
    if (exchange.left()) {
      written = false;
    } else if (first || !piece.empty()) {
      written = co_await write(exchange, first ? head : std::string_view(), piece);
    }
    if (last) co_return written;  // also to a client that left as soon as it had it all
    if (first || !piece.empty() || silent) {
      silent_at = Timer::clock_type::now() + context_.options.stream_silence_max;
    }
    // What came while writing is written next; otherwise there is something to wait for.
    silent = false;
    if (!exchange.has_pending() && !exchange.complete()) silent = !co_await wait_until(silent_at);
  }
}

net::awaitable<bool> Connection::write_pieces(Exchange& exchange, std::string head, bool chunked) {
  const HttpResponse& response = *exchange.response();
  std::string piece = response.body;
  for (bool first = true;; first = false) {
    const bool last = !first && piece.empty();
    if (chunked && !piece.empty()) piece = as_chunk(piece);
    if (chunked && last) piece = "0\r\n\r\n";
    if (exchange.left()) co_return false;
    if (!co_await write(exchange, first ? head : std::string_view(), piece)) co_return false;
    if (last) co_return true;
    try {
      piece = response.next_piece ? response.next_piece() : std::string();
    } catch (const std::exception&) {  // out of memory: the answer ends here, without its end
      exchange.leave(error_code_name(ErrorCode::kInternal));
    }
  }
}

// A client that cannot be written to has left.
net::awaitable<bool> Connection::write(Exchange& exchange, std::string_view head,
                                       std::string_view body) {
  const std::array buffers = {net::buffer(head), net::buffer(body)};
  arm(cancelled_ ? kFarewellTime : context_.options.write_timeout);
  auto [ec, bytes] = co_await net::async_write(stream_, buffers, kAwait);
  disarm();
  if (ec) exchange.leave(timed_out_ ? kClientTooSlow : error_code_name(ErrorCode::kCancelled));
  co_return !ec;
}

// Closing with unread input would reset the connection and could destroy the answer on its way.
net::awaitable<void> Connection::discard_input(std::chrono::milliseconds time) {
  boost::system::error_code failed;
  stream_.shutdown_send();
  arm(time);
  for (size_t discarded = 0; !failed && !cancelled_ && discarded < kDiscardMax;) {
    buffer_.clear();
    auto [ec, bytes] = co_await stream_.async_read_some(buffer_.prepare(kReadChunk), kAwait);
    failed = ec;
    discarded += bytes;
  }
  disarm();
}

void Connection::watch() {
  if (peer_closed_) return;
  watching_ = true;
  const size_t ahead_bytes = buffer_.size() + kReadChunk;
  const size_t buffer_bytes = std::max(buffer_.capacity(), ahead_bytes);
  if (ahead_bytes > buffer_.max_size() ||
      !request_charge_.resize(buffer_bytes + exchange_->request().held_bytes())) {
    return stream_.async_wait_for_failure(
        [self = shared_from_this()](const boost::system::error_code& ec) {
          self->watched(ec ? ec : net::error::connection_reset, 0);
        });
  }
  stream_.async_read_some(buffer_.prepare(kReadChunk),
                          [self = shared_from_this()](const boost::system::error_code& ec,
                                                      size_t bytes) { self->watched(ec, bytes); });
}

void Connection::watched(const boost::system::error_code& ec, size_t bytes) {
  watching_ = false;
  buffer_.commit(bytes);
  if (!ec) {
    watch();
  } else if (ec != net::error::operation_aborted) {
    // The system tells this once only: a later read would wait for ever.
    peer_closed_ = true;
    if (exchange_) exchange_->leave();
  }
  wake();
}

net::awaitable<void> Connection::stop_watching() {
  // Again each time: a read that completed before it could be cancelled has begun the next one.
  while (watching_) {
    stream_.cancel();
    co_await wait();
  }
}

net::awaitable<void> Connection::wait() { co_await wakeup_.async_wait(kAwait); }

net::awaitable<bool> Connection::wait_until(Timer::time_point time) {
  wakeup_.expires_at(time);
  const auto [woken] = co_await wakeup_.async_wait(kAwait);
  wakeup_.expires_at(Timer::time_point::max());
  co_return woken.failed();
}

void Connection::arm(std::chrono::milliseconds timeout) {
  timed_out_ = false;
  timer_.expires_after(timeout);
  timer_.async_wait(
      [self = shared_from_this(), number = ++deadline_](const boost::system::error_code& ec) {
        if (ec || number != self->deadline_) return;
        self->timed_out_ = true;
        self->stream_.cancel();
      });
}

void Connection::disarm() {
  ++deadline_;
  timer_.cancel();
}

}  // namespace qaio
