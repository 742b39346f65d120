// The connection's side of a Call: what the endpoint has said so far, for the connection to write.
#pragma once

#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "access/key_ring.h"
#include "base/mutex.h"
#include "server/http/call.h"
#include "server/http/client_stream.h"
#include "server/http/memory_budget.h"

namespace qaio {

class Exchange final : public Call {
 public:
  // `descriptor` is the connection's. `changed` is called whenever there is something new to write,
  // until detach(). What the answer
  // holds is taken from `budget`; one for which nothing is left becomes a 503, and a stream ends.
  Exchange(ConnectionExecutor executor, const Clock& clock, TimeNs begin_ns, MemoryBudget& budget,
           size_t stream_bytes_max, int descriptor, std::function<void()> changed);

  void abandon() noexcept override;
  void respond(HttpResponse response) override;
  void expect_long_wait() override;
  void begin_stream(HttpResponse head) override;
  void send(std::string chunk) override;
  void end_stream() override;
  void goes_on() override { goes_on_ = true; }
  void on_cancel(std::function<void()> cancel) override;

  HttpRequest& mutable_request() { return request_; }

  // The key that the request came with. Its place is given back, and its tokens count, as soon as
  // the endpoint has said all: before the client knows it.
  void hold_key(KeyTicket key) { key_ = std::move(key); }
  KeyTicket& key() { return key_; }

  // The client left, or does not read: cancels the work, drops what it would be sent. `why` goes
  // into the record.
  void leave(std::string_view why = error_code_name(ErrorCode::kCancelled));
  // The server stops: cancels the work, the client still gets the answer.
  void cancel();
  // No call reaches the connection any more.
  void detach();

  bool left() const { return left_; }
  bool abandoned() const { return abandoned_; }
  std::string_view why_left() const { return why_left_; }
  bool streaming() const { return streaming_; }
  // Nobody waits for its end.
  bool ends_with_server() const { return goes_on_; }
  // The client left a stream that only it could end.
  bool ended_by_client() const {
    return goes_on_ && left_ && why_left_ == error_code_name(ErrorCode::kCancelled);
  }
  bool long_wait_expected() const { return long_wait_expected_; }
  // The endpoint has said all it will.
  bool complete() const { return complete_; }
  // Set by respond() or begin_stream().
  const std::optional<HttpResponse>& response() const { return response_; }
  bool has_pending() const { return !pending_.empty(); }
  // What was sent since the last call; it stays charged until the next one.
  std::string take_pending();

 protected:
  void post_work(std::function<void()> work) override;

 private:
  // At once on the executor, from elsewhere as soon as it comes to it.
  template <typename Work>
  void on_executor(Work work) {
    try {
      boost::asio::dispatch(
          executor_, [self = shared_from_this(), work = std::move(work)]() mutable { work(); });
    } catch (const std::exception&) {  // no memory to come to it
      abandon();
    }
  }
  void change();
  void complete_now();

  ConnectionExecutor executor_;
  MemoryBudget& budget_;
  MemoryCharge answer_charge_;  // of the answer, or of what a stream has yet to be rid of
  const size_t stream_bytes_max_;
  std::function<void()> changed_;
  std::function<void()> cancel_;
  std::optional<HttpResponse> response_;
  KeyTicket key_;
  std::string pending_;
  size_t being_written_bytes_ = 0;  // of what take_pending() gave last
  bool streaming_ = false;
  bool goes_on_ = false;
  bool long_wait_expected_ = false;
  bool complete_ = false;
  bool cancelled_ = false;
  bool left_ = false;
  std::string_view why_left_;
  std::atomic<bool> abandoned_ = false;
  Mutex descriptor_mutex_;
  // -1 once detached: the connection's next request is not to suffer.
  int descriptor_ QAIO_GUARDED_BY(descriptor_mutex_);
};

// The bytes of an answer that every connection may hold; see kConnectionBytes.
inline constexpr size_t kFreeAnswerBytes = 4 << 10;
// What the kernel is asked to hold at most for a client that does not read; left alone it grows to
// megabytes. It allows itself twice that, for what it needs around it.
inline constexpr int kSendBufferBytes = 64 << 10;
inline constexpr size_t kSendBufferHeldBytes = 2 * kSendBufferBytes;

// Why a client that takes its answer too slowly is given up.
inline constexpr std::string_view kClientTooSlow = "client_too_slow";

}  // namespace qaio
