// One request on its way through an endpoint: what was asked, how to answer, where the time goes.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/process_stats.h"
#include "record/record.h"
#include "server/http/http.h"
#include "trace/trace.h"

namespace qaio {

// Endpoints are called on the connection's executor. An endpoint answers exactly once, with
// respond() or with begin_stream() ... end_stream(), at once or later. Until then it has the call
// to itself, on whichever one thread it works; post() brings it back to the executor, and streams
// are sent there.
class Call : public std::enable_shared_from_this<Call> {
 public:
  explicit Call(const Clock& clock) : clock_(clock) {}
  virtual ~Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Any thread. Where there is no memory for it the client is cut off rather than left to wait.
  template <typename Work>
  void post(Work&& work) noexcept {
    try {
      post_work(std::forward<Work>(work));
    } catch (const std::exception&) {
      abandon();
    }
  }
  // Any thread. The endpoint will not answer: ends the connection, which takes no memory.
  virtual void abandon() noexcept = 0;
  // Any thread. The endpoint will not answer, as it failed: out of memory, or a bug.
  void fail(const std::exception& error) noexcept;

  // Any thread.
  virtual void respond(HttpResponse response) = 0;
  // Any thread. What respond() will be given, JSON, may take minutes. Should it, the client is
  // given status 200 and white space meanwhile, and an error is told by the body alone.
  virtual void expect_long_wait() = 0;
  virtual void begin_stream(HttpResponse head) = 0;
  // Ignored once the client has left. A client that reads too slowly counts as one that left.
  virtual void send(std::string chunk) = 0;
  virtual void end_stream() = 0;
  // Before begin_stream(). The stream goes on until the client leaves, which is no failure then, or
  // the server stops, which does not wait for it.
  virtual void goes_on() {}

  // Called once if the client leaves or the server stops before the answer is complete; the
  // endpoint must still answer, soon. On the executor. Any thread.
  virtual void on_cancel(std::function<void()> cancel) = 0;

  // Keeps `held` until the endpoint lets go of it or the call ends.
  void hold(std::shared_ptr<void> held) { held_ = std::move(held); }
  void let_go() { held_.reset(); }

  const HttpRequest& request() const { return request_; }
  RequestRecord& record() { return record_; }
  // What the user said, for the record.
  void record_input(std::string_view text);
  const Clock& clock() const { return clock_; }

  // The request lane's stages tile it: each begins where the last one ended.
  void lap(Stage stage) { lap_until(stage, clock_.now_ns()); }
  void lap_until(Stage stage, TimeNs end_ns) {
    record_.lane.add(stage, boundary_ns_, end_ns);
    boundary_ns_ = end_ns;
  }
  // So long after the request's first byte.
  TimeNs deadline_ns(std::chrono::nanoseconds time) const {
    return record_.lane.begin_ns() + time.count();
  }
  TimeNs boundary_ns() const { return boundary_ns_; }  // where the last stage ended

  // Brings the record's end, CPU time and memory up to this moment; with a stage, as lap() to the
  // very same moment, so that taking the figures leaves no gap.
  void take_figures(std::optional<Stage> stage = {});

 protected:
  void begin(TimeNs begin_ns);
  virtual void post_work(std::function<void()> work) = 0;

  HttpRequest request_;
  RequestRecord record_;

 private:
  const Clock& clock_;
  TimeNs boundary_ns_ = 0;
  ProcessUsage usage_begin_;
  std::shared_ptr<void> held_;
};

using Handler = std::function<void(const std::shared_ptr<Call>&)>;

}  // namespace qaio
