// One request to the model, from its parsed body to its last byte. Its stages, its stream, its
// errors and its record are the same for /chat, the tasks and OpenAI's endpoints; what is computed
// and how that looks to the client is up to the runner of each.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/json_writer.h"
#include "server/api/api.h"
#include "server/http/call.h"
#include "server/observe/breakdown.h"
#include "tasks/pipeline.h"

namespace qaio {

// Lives as long as the engine's callbacks that hold it. But for run() and start(), everything
// happens on the connection's executor.
class RequestRunner : public std::enable_shared_from_this<RequestRunner> {
 public:
  virtual ~RequestRunner() = default;
  RequestRunner(const RequestRunner&) = delete;
  RequestRunner& operator=(const RequestRunner&) = delete;

  // Answers the call, whose `parse` stage ends here, from the engine's threads.
  void run();

 protected:
  using Cancel = std::function<void()>;

  RequestRunner(std::shared_ptr<Call> call, std::shared_ptr<const Backend> backend, bool streams)
      : call_(std::move(call)), backend_(std::move(backend)), streams_(streams) {}

  Call& call() const { return *call_; }
  const std::shared_ptr<const Backend>& backend() const { return backend_; }
  bool streams() const { return streams_; }

  // The callbacks that start() hands out come from other threads and post these to the call: the
  // events of a stream, where "" is none, and in the end the outcome.
  void send(std::string event);
  void finish(const RequestOutcome& outcome);

  // The answer in one piece, with its figures.
  HttpResponse whole_answer(const RequestOutcome& outcome);

 private:
  // Has the request computed and returns what cancels it. An error if no callback will be called.
  virtual Result<Cancel> start() = 0;
  // The answer up to its figures, then the figures, if it has any, and its end.
  virtual void write_answer(const RequestOutcome& outcome, JsonWriter& json) = 0;
  virtual void write_figures(const Breakdown& breakdown, JsonWriter& json) = 0;
  // Sends what a stream ends with.
  virtual void send_end(const RequestOutcome& outcome) = 0;
  virtual HttpResponse error_answer(const Error& error) const = 0;
  // The body of that answer, once a stream has begun.
  virtual std::string error_event(std::string_view body) const = 0;
  // Of an answer or a stream's head.
  virtual void add_headers(HttpResponse&) const {}
  virtual std::string_view response_id() const { return {}; }  // if it is not the request's

  void open_stream();
  void fill_record(const RequestOutcome& outcome);
  void fail_with(const Error& error);

  const std::shared_ptr<Call> call_;
  const std::shared_ptr<const Backend> backend_;
  const bool streams_;
  bool stream_open_ = false;  // the head is out: an error is an event from now on
};

}  // namespace qaio
