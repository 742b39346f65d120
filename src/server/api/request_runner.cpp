#include "server/api/request_runner.h"

#include <algorithm>

#include "server/http/event_stream.h"
#include "tasks/decision_wording.h"

namespace qaio {
namespace {

GenerationSettings settings_of(const TaskOutcome& task) {
  return {.max_new_tokens = task.max_new_tokens,
          .temperature = task.sampling.temperature,
          .top_p = task.sampling.top_p,
          .seed = task.sampling.seed};
}

TaskRecord record_of(const TaskOutcome& task) {
  TaskRecord out;
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
  if (task.kind == TaskKind::kDecide) out.prompt_version = kDecisionPromptVersion;
  if (task.kind == TaskKind::kGenerate) out.settings = settings_of(task);
  return out;
}

}  // namespace

void RequestRunner::run() {
  call_->lap(Stage::kParse);
  Result<Cancel> cancel = start();
  if (!cancel) return fail_with(cancel.error());
  call_->on_cancel(std::move(*cancel));
  if (!streams_) return call_->expect_long_wait();
  // A client hears at once that it is being worked on; behind the refusal, if there is one.
  call_->post([self = shared_from_this()] { self->open_stream(); });
}

void RequestRunner::open_stream() {
  if (std::exchange(stream_open_, true)) return;
  HttpResponse head = event_stream_head();
  add_headers(head);
  call_->begin_stream(std::move(head));
}

void RequestRunner::send(std::string event) {
  if (event.empty()) return;
  open_stream();
  call_->send(std::move(event));
}

void RequestRunner::finish(const RequestOutcome& outcome) {
  call_->let_go();
  TimeNs last = 0;
  for (const TaskOutcome& task : outcome.tasks) last = std::max(last, task.lane.end_ns());
  call_->lap_until(Stage::kTasks,
                   std::min(std::max(last, call_->boundary_ns()), call_->clock().now_ns()));
  fill_record(outcome);
  if (outcome.error) return fail_with(*outcome.error);
  if (!streams_) return call_->respond(whole_answer(outcome));
  send_end(outcome);
  call_->end_stream();
}

void RequestRunner::fill_record(const RequestOutcome& outcome) {
  RequestRecord& record = call_->record();
  for (const TaskOutcome& task : outcome.tasks) {
    record.tasks.push_back(record_of(task));
    record.tasks.back().response_id = response_id();
    record.history_dropped = std::max(record.history_dropped, task.history_dropped);
    record.input_tokens = std::max<int64_t>(record.input_tokens, task.input_tokens);
  }
}

void RequestRunner::fail_with(const Error& error) {
  call_->let_go();
  HttpResponse answer = error_answer(error);
  if (!stream_open_) return call_->respond(std::move(answer));
  call_->record().error_code = answer.error_code;
  send(error_event(answer.body));
  call_->end_stream();
}

// The texts are written first; then the clock is read for the figures, which come last. So the
// figures include all of `serialize` but the printing of themselves.
HttpResponse RequestRunner::whole_answer(const RequestOutcome& outcome) {
  HttpResponse response;
  JsonWriter json(response.body);
  write_answer(outcome, json);
  call_->take_figures(Stage::kSerialize);
  const Breakdown breakdown = make_breakdown(call_->record());
  write_figures(breakdown, json);
  response.headers.push_back({"Server-Timing", server_timing(breakdown)});
  add_headers(response);
  call_->lap(Stage::kSerialize);
  return response;
}

}  // namespace qaio
