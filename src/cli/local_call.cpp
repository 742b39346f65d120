#include "cli/local_call.h"

#include <memory>
#include <new>
#include <utility>

#include "server/http/request_id.h"

namespace qaio {

HttpResponse call_locally(const Router& router, const std::string& path, std::string body,
                          const Clock& clock) {
  const Router::Match match = router.match("POST", path);
  if (match.handler == nullptr) {
    return error_response(404, error_code_name(ErrorCode::kNotFound), "there is no " + path);
  }
  const auto call =
      std::make_shared<LocalCall>(clock, HttpRequest{.method = "POST",
                                                     .path = path,
                                                     .query = "",
                                                     .parameter = std::string(match.parameter),
                                                     .body = std::move(body)});
  (*match.handler)(call);
  return call->wait();
}

LocalCall::LocalCall(const Clock& clock, HttpRequest request) : Call(clock) {
  request_ = std::move(request);
  record_.request_id = choose_request_id("");
  begin(clock.now_ns());
}

void LocalCall::post_work(std::function<void()> work) {
  const MutexLock lock(mutex_);
  work_.push_back(std::move(work));
  posted_.notify_one();
}

void LocalCall::abandon() noexcept {
  const MutexLock lock(mutex_);
  abandoned_ = true;
  posted_.notify_one();
}

void LocalCall::respond(HttpResponse response) {
  post([this, response = std::move(response)]() mutable { response_ = std::move(response); });
}

HttpResponse LocalCall::wait() {
  while (!response_) {
    std::function<void()> work;
    {
      const MutexLock lock(mutex_);
      while (work_.empty() && !abandoned_) posted_.wait(mutex_);
      if (work_.empty()) return failure_response(std::bad_alloc());
      work = std::move(work_.front());
      work_.pop_front();
    }
    work();
  }
  return *std::move(response_);
}

}  // namespace qaio
