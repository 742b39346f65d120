// A request to an endpoint without a connection: `qaio run --json` gives what `POST /chat` gives.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "server/http/call.h"
#include "server/http/router.h"

namespace qaio {

// Sends `body` to the endpoint at POST `path` and waits for the answer.
HttpResponse call_locally(const Router& router, const std::string& path, std::string body,
                          const Clock& clock);

// What endpoints post runs on the thread that waits.
class LocalCall final : public Call {
 public:
  LocalCall(const Clock& clock, HttpRequest request);

  void abandon() noexcept override;
  void respond(HttpResponse response) override;
  void expect_long_wait() override {}
  void begin_stream(HttpResponse head) override { response_ = std::move(head); }
  void send(std::string chunk) override { response_->body += chunk; }
  void end_stream() override {}
  void on_cancel(std::function<void()>) override {}  // nobody leaves

  // Runs what is posted until there is an answer.
  HttpResponse wait();

 protected:
  void post_work(std::function<void()> work) override;

 private:
  Mutex mutex_;
  CondVar posted_;
  std::deque<std::function<void()>> work_ QAIO_GUARDED_BY(mutex_);
  bool abandoned_ QAIO_GUARDED_BY(mutex_) = false;
  std::optional<HttpResponse> response_;
};

}  // namespace qaio
