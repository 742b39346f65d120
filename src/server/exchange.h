// The connection's side of a Call: what the endpoint has said so far, for the connection to write.
#pragma once

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/call.h"

namespace qaio {

using ConnectionExecutor = boost::asio::strand<boost::asio::io_context::executor_type>;

class Exchange final : public Call {
 public:
  // `changed` is called whenever there is something new to write, until detach().
  Exchange(ConnectionExecutor executor, const Clock& clock, TimeNs begin_ns,
           size_t stream_bytes_max, std::function<void()> changed);

  void post(std::function<void()> work) override;
  void respond(HttpResponse response) override;
  void begin_stream(HttpResponse head) override;
  void send(std::string chunk) override;
  void end_stream() override;
  void on_cancel(std::function<void()> cancel) override;

  HttpRequest& mutable_request() { return request_; }

  // The client left, or does not read: cancels the work, drops what it would be sent. `why` goes
  // into the record.
  void leave(std::string_view why = error_code_name(ErrorCode::kCancelled));
  // The server stops: cancels the work, the client still gets the answer.
  void cancel();
  // No call reaches the connection any more.
  void detach();

  bool left() const { return left_; }
  std::string_view why_left() const { return why_left_; }
  bool streaming() const { return streaming_; }
  // The endpoint has said all it will.
  bool complete() const { return complete_; }
  // Set by respond() or begin_stream().
  const std::optional<HttpResponse>& response() const { return response_; }
  bool has_pending() const { return !pending_.empty(); }
  // What was sent since the last call.
  std::string take_pending() { return std::exchange(pending_, {}); }

 private:
  // At once on the executor, from elsewhere as soon as it comes to it.
  template <typename Work>
  void on_executor(Work work) {
    boost::asio::dispatch(
        executor_, [self = shared_from_this(), work = std::move(work)]() mutable { work(); });
  }
  void change();

  ConnectionExecutor executor_;
  const size_t stream_bytes_max_;
  std::function<void()> changed_;
  std::function<void()> cancel_;
  std::optional<HttpResponse> response_;
  std::string pending_;
  bool streaming_ = false;
  bool complete_ = false;
  bool cancelled_ = false;
  bool left_ = false;
  std::string_view why_left_;
};

// Why a client that takes its answer too slowly is given up.
inline constexpr std::string_view kClientTooSlow = "client_too_slow";

}  // namespace qaio
