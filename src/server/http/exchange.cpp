#include "server/http/exchange.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

namespace qaio {
namespace {

// Beside what is still here, the kernel holds some of a long answer.
size_t held_bytes(const HttpResponse& response) {
  size_t bytes = response.body.size();
  if (response.next_piece) bytes = std::max(bytes, kPieceBytes) + response.held_bytes;
  return bytes > kFreeAnswerBytes ? bytes + kSendBufferHeldBytes : bytes;
}

}  // namespace

Exchange::Exchange(ConnectionExecutor executor, const Clock& clock, TimeNs begin_ns,
                   MemoryBudget& budget, size_t stream_bytes_max, int descriptor,
                   std::function<void()> changed)
    : Call(clock),
      executor_(std::move(executor)),
      budget_(budget),
      answer_charge_(budget, kFreeAnswerBytes),
      stream_bytes_max_(stream_bytes_max),
      changed_(std::move(changed)),
      descriptor_(descriptor) {
  begin(begin_ns);
}

void Exchange::post_work(std::function<void()> work) {
  boost::asio::post(executor_, [this, self = shared_from_this(), work = std::move(work)] {
    try {
      work();
    } catch (const std::exception& error) {
      fail(error);
      end_stream();
    }
  });
}

// The connection, which waits for its client to leave, takes this for it.
void Exchange::abandon() noexcept {
  abandoned_ = true;
  const MutexLock lock(descriptor_mutex_);
  if (descriptor_ >= 0) ::shutdown(descriptor_, SHUT_RDWR);
}

void Exchange::respond(HttpResponse response) {
  // At once, whatever thread this is: answers that wait for the executor count as well.
  MemoryCharge charge(budget_, kFreeAnswerBytes);
  if (!charge.resize(held_bytes(response))) {
    response = error_response(503, error_code_name(ErrorCode::kResourceExhausted),
                              "too many long answers wait to be read; try again later");
  }
  on_executor([this, response = std::move(response), charge = std::move(charge)]() mutable {
    if (response_) return;
    response_ = std::move(response);
    answer_charge_ = std::move(charge);
    complete_now();
  });
}

void Exchange::expect_long_wait() {
  on_executor([this] { long_wait_expected_ = true; });
}

void Exchange::begin_stream(HttpResponse head) {
  if (response_) return;
  response_ = std::move(head);
  streaming_ = true;
  change();
}

void Exchange::send(std::string chunk) {
  if (left_ || complete_) return;
  const size_t pending_bytes = pending_.size() + chunk.size();
  if (pending_bytes > stream_bytes_max_ ||
      !answer_charge_.resize(pending_bytes + being_written_bytes_)) {
    return leave(kClientTooSlow);
  }
  pending_ += chunk;
  change();
}

std::string Exchange::take_pending() {
  being_written_bytes_ = pending_.size();
  answer_charge_.resize(being_written_bytes_);
  return std::exchange(pending_, {});
}

void Exchange::end_stream() { complete_now(); }

void Exchange::complete_now() {
  complete_ = true;
  key_.charge(record_, clock().now_ns());
  change();
}

void Exchange::on_cancel(std::function<void()> cancel) {
  on_executor([this, cancel = std::move(cancel)]() mutable {
    if (complete_) return;  // and may be detached: nobody would let go of it
    cancel_ = std::move(cancel);
    if (cancelled_) std::exchange(cancel_, nullptr)();
  });
}

void Exchange::cancel() {
  cancelled_ = true;
  if (cancel_ && !complete_) std::exchange(cancel_, nullptr)();
}

void Exchange::leave(std::string_view why) {
  if (abandoned_) why = error_code_name(ErrorCode::kResourceExhausted);
  if (!std::exchange(left_, true)) why_left_ = why;
  pending_.clear();
  cancel();
  change();
}

void Exchange::detach() {
  {
    const MutexLock lock(descriptor_mutex_);
    descriptor_ = -1;
  }
  changed_ = nullptr;
  cancel_ = nullptr;
}

void Exchange::change() {
  if (changed_) changed_();
}

}  // namespace qaio
