#include "server/api/run_tasks.h"

#include <algorithm>
#include <utility>

#include "server/api/breakdown.h"
#include "server/api/endpoints.h"
#include "server/http/event_stream.h"

namespace qaio {
namespace {

void fill_record(const RequestOutcome& outcome, RequestRecord& record) {
  for (const TaskOutcome& task : outcome.tasks) {
    TaskRecord& out = record.tasks.emplace_back();
    out.task = task.task;
    out.lane = task.lane;
    out.counters = task.counters;
    if (task.error) {
      out.error_code = error_code_name(task.error->code);
    } else {
      out.finish_reason = finish_reason_name(task.finish_reason);
    }
    out.label = task.label.value_or("");
    out.score = task.score;
    out.output_text = task.text;
    if (task.kind == TaskKind::kGenerate) {
      out.settings = settings_of(task.max_new_tokens, task.sampling);
    }
    record.history_dropped = std::max(record.history_dropped, task.history_dropped);
    record.input_tokens = std::max<int64_t>(record.input_tokens, task.input_tokens);
  }
}

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
    prompt += task.counters.prompt_tokens;
    cached += task.counters.cached_tokens;
    completion += task.counters.completion_tokens;
  }
  json.key("usage").begin_object();
  json.key("prompt_tokens").integer(prompt);
  json.key("cached_tokens").integer(cached);
  json.key("completion_tokens").integer(completion);
  json.end_object();
}

// The texts are written first; then the clock is read for the figures, which come last. So the
// figures include all of `serialize` but the printing of themselves.
HttpResponse make_answer(const TaskCall& task_call, const RequestOutcome& outcome) {
  Call& call = *task_call.call;
  HttpResponse response;
  JsonWriter json(response.body);
  json.begin_object().key("request_id").string(call.record().request_id);
  task_call.write_result(outcome, json);
  json.key("finish_reason").string(finish_reason_name(finish_reason(outcome)));
  json.key("history_dropped").integer(call.record().history_dropped);
  write_usage(outcome, json);
  call.take_figures(Stage::kSerialize);
  const Breakdown breakdown = make_breakdown(call.record());
  write_times(call.record(), breakdown, json);
  json.end_object();
  response.headers.push_back({"Server-Timing", server_timing(breakdown)});
  call.lap(Stage::kSerialize);
  return response;
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

// Lives as long as the tasks' callbacks; everything in it happens on the connection's executor.
struct RunningCall {
  TaskCall task_call;
  bool streaming = false;  // the head is out: an error is an event from now on

  void open_stream() {
    if (!std::exchange(streaming, true)) task_call.call->begin_stream(event_stream_head());
  }

  void send(std::string event) {
    if (event.empty()) return;
    open_stream();
    task_call.call->send(std::move(event));
  }

  void finish(const RequestOutcome& outcome) {
    Call& call = *task_call.call;
    call.let_go();
    TimeNs last = 0;
    for (const TaskOutcome& task : outcome.tasks) last = std::max(last, task.lane.end_ns());
    call.lap_until(Stage::kTasks,
                   std::min(std::max(last, call.boundary_ns()), call.clock().now_ns()));
    fill_record(outcome, call.record());
    HttpResponse answer = outcome.error
                              ? error_response(in_task_terms(*outcome.error, *task_call.backend))
                              : make_answer(task_call, outcome);
    if (!task_call.text_event || (outcome.error && !streaming)) {
      call.respond(std::move(answer));
      return;
    }
    if (outcome.error) call.record().error_code = answer.error_code;
    send(server_sent_event(outcome.error ? "error" : "done", answer.body));
    call.end_stream();
  }
};

}  // namespace

GenerationSettings settings_of(int max_new_tokens, const SamplingParams& sampling) {
  return {.max_new_tokens = max_new_tokens,
          .temperature = sampling.temperature,
          .top_p = sampling.top_p,
          .seed = sampling.seed};
}

void run_tasks(TaskCall task_call) {
  const std::shared_ptr<Call> call = task_call.call;
  const std::shared_ptr<const Backend> backend = task_call.backend;
  PipelineRequest request = std::move(task_call.request);
  request.client = task_call.call->request().client_key;
  call->record_input(request.input);
  const auto running = std::make_shared<RunningCall>(RunningCall{std::move(task_call)});

  PipelineCallbacks callbacks;
  if (running->task_call.text_event) {
    callbacks.on_text = [running](size_t task, std::string_view text) {
      if (text.empty()) return;
      running->task_call.call->post([running, task, text = std::string(text)] {
        running->send(running->task_call.text_event(task, text));
      });
    };
    callbacks.on_task = [running](size_t, const TaskOutcome& outcome) {
      running->task_call.call->post(
          [running, outcome] { running->send(running->task_call.task_event(outcome)); });
    };
  }
  callbacks.on_done = [running](RequestOutcome outcome) {
    running->task_call.call->post(
        [running, outcome = std::move(outcome)] { running->finish(outcome); });
  };
  call->lap(Stage::kParse);
  const std::shared_ptr<PipelineRun> run =
      backend->pipeline->run(std::move(request), std::move(callbacks));
  call->on_cancel([run] { run->cancel(); });
  if (!running->task_call.text_event) return call->expect_long_wait();
  call->post([running] { running->open_stream(); });  // behind the refusal, if it is one
}

}  // namespace qaio
