#include "server/api/run_tasks.h"

#include <utility>

#include "server/api/endpoints.h"
#include "server/api/request_runner.h"
#include "server/http/event_stream.h"

namespace qaio {
namespace {

// Of the reply if one was generated, else of the last task.
FinishReason finish_reason(const RequestOutcome& outcome) {
  FinishReason reason = FinishReason::kStop;
  for (const TaskOutcome& task : outcome.tasks) {
    reason = task.finish_reason;
    if (task.kind == TaskKind::kGenerate) break;
  }
  return reason;
}

void write_usage(const RequestOutcome& outcome, JsonWriter& json) {
  int64_t prompt = 0;
  int64_t cached = 0;
  int64_t completion = 0;
  for (const TaskOutcome& task : outcome.tasks) {
    const TaskCounters& counters = task.counters;
    const int64_t computed = int64_t{counters.prompt_tokens} - counters.cached_tokens +
                             int64_t{counters.question_tokens};
    const int64_t tokens = task.question ? task.asked_tokens : counters.prompt_tokens;
    prompt += tokens;
    cached += tokens - computed;
    completion += task.counters.completion_tokens;
  }
  json.key("usage").begin_object();
  json.key("prompt_tokens").integer(prompt);
  json.key("cached_tokens").integer(cached);
  json.key("completion_tokens").integer(completion);
  json.end_object();
}

// The engine's error in the words of the endpoints. Their fields were checked before: what it still
// finds fault with is the length.
Error in_task_terms(Error error, const Backend& backend) {
  if (error.code != ErrorCode::kInvalidArgument) return error;
  const bool prompt = error.field == "prompt" || error.field == "labels";
  if (prompt || error.field == "max_new_tokens") error.message += memory_advice(backend);
  if (prompt) error.field = "input";
  return error;
}

class TasksRunner final : public RequestRunner {
 public:
  explicit TasksRunner(TaskCall task_call)
      : RequestRunner(task_call.call, task_call.backend, task_call.text_event != nullptr),
        task_call_(std::move(task_call)) {
    task_call_.request.client = call().request().client_key;
    call().record_input(task_call_.request.input);
  }

 private:
  Result<Cancel> start() override {
    const std::shared_ptr<PipelineRun> run =
        backend()->pipeline->run(task_call_.request, callbacks());
    return [run] { run->cancel(); };
  }

  PipelineCallbacks callbacks() {
    PipelineCallbacks callbacks;
    if (streams()) {
      callbacks.on_text = [this, self = shared_from_this()](size_t task, std::string_view text) {
        if (text.empty()) return;
        call().post([this, self, task, text = std::string(text)] {
          send(task_call_.text_event(task, text));
        });
      };
      callbacks.on_task = [this, self = shared_from_this()](size_t, const TaskOutcome& outcome) {
        call().post([this, self, outcome] { send(task_call_.task_event(outcome)); });
      };
    }
    callbacks.on_done = [this, self = shared_from_this()](RequestOutcome outcome) {
      call().post([this, self, outcome = std::move(outcome)] { finish(outcome); });
    };
    return callbacks;
  }

  void write_answer(const RequestOutcome& outcome, JsonWriter& json) override {
    json.begin_object().key("request_id").string(call().record().request_id);
    task_call_.write_result(outcome, json);
    json.key("finish_reason").string(finish_reason_name(finish_reason(outcome)));
    json.key("history_dropped").integer(call().record().history_dropped);
    write_usage(outcome, json);
  }

  void write_figures(const Breakdown& breakdown, JsonWriter& json) override {
    write_times(call().record(), breakdown, json);
    json.end_object();
  }

  void send_end(const RequestOutcome& outcome) override {
    send(server_sent_event("done", whole_answer(outcome).body));
  }

  HttpResponse error_answer(const Error& error) const override {
    return error_response(in_task_terms(error, *backend()));
  }

  std::string error_event(std::string_view body) const override {
    return server_sent_event("error", body);
  }

  TaskCall task_call_;
};

}  // namespace

void run_tasks(TaskCall task_call) { std::make_shared<TasksRunner>(std::move(task_call))->run(); }

}  // namespace qaio
