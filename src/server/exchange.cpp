#include "server/exchange.h"

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

namespace qaio {

Exchange::Exchange(ConnectionExecutor executor, const Clock& clock, TimeNs begin_ns,
                   size_t stream_bytes_max, std::function<void()> changed)
    : Call(clock),
      executor_(std::move(executor)),
      stream_bytes_max_(stream_bytes_max),
      changed_(std::move(changed)) {
  begin(begin_ns);
}

void Exchange::post(std::function<void()> work) {
  boost::asio::post(executor_, [this, self = shared_from_this(), work = std::move(work)] {
    try {
      work();
    } catch (const std::exception&) {  // out of memory, or a bug: one request fails, not the server
      respond(error_response(500, error_code_name(ErrorCode::kInternal),
                             "the request failed inside the server"));
      end_stream();
    }
  });
}

void Exchange::respond(HttpResponse response) {
  on_executor([this, response = std::move(response)]() mutable {
    if (response_) return;
    response_ = std::move(response);
    complete_ = true;
    change();
  });
}

void Exchange::begin_stream(HttpResponse head) {
  if (response_) return;
  response_ = std::move(head);
  streaming_ = true;
  change();
}

void Exchange::send(std::string chunk) {
  if (left_ || complete_) return;
  if (pending_.size() + chunk.size() > stream_bytes_max_) return leave(kClientTooSlow);
  pending_ += chunk;
  change();
}

void Exchange::end_stream() {
  complete_ = true;
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
  if (!std::exchange(left_, true)) why_left_ = why;
  pending_.clear();
  cancel();
  change();
}

void Exchange::detach() {
  changed_ = nullptr;
  cancel_ = nullptr;
}

void Exchange::change() {
  if (changed_) changed_();
}

}  // namespace qaio
