// GET /v1/tasks, POST /v1/tasks/{name}
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "server/api/endpoints.h"
#include "server/api/run_tasks.h"
#include "server/api/task_answer.h"
#include "server/api/task_fields.h"

namespace qaio {
namespace {

// Of what is generated.
constexpr auto kSamplingFields = std::to_array<std::string_view>(
    {"max_new_tokens", "temperature", "top_p", "top_k", "min_p", "repetition_penalty",
     "presence_penalty", "frequency_penalty", "stop", "seed"});
constexpr auto kFields = [] {
  std::array<std::string_view, 3 + kSamplingFields.size()> all = {"input", "history", "timeout_ms"};
  std::ranges::copy(kSamplingFields, all.begin() + 3);
  return all;
}();

void write_task(const TaskDefinition& task, JsonWriter& json) {
  json.begin_object();
  json.key("name").string(task.name);
  json.key("kind").string(task.kind_name());
  if (task.question) {
    write_question(task, json);
  } else if (task.kind == TaskKind::kClassify) {
    json.key("labels").begin_array();
    for (const std::string& label : task.labels) json.string(label);
    json.end_array();
    json.key("decode").string(decode_mode_name(task.decode));
  } else {
    json.key("max_new_tokens").integer(task.max_new_tokens);
    json.key("temperature").number(task.temperature);
    json.key("top_p").number(task.top_p);
    json.key("top_k").integer(task.top_k);
    json.key("min_p").number(task.min_p);
    json.key("repetition_penalty").number(task.repetition_penalty);
  }
  json.key("history").boolean(task.history);
  json.key("max_prompt_tokens").integer(task.max_prompt_tokens);
  json.end_object();
}

void list_tasks(const std::shared_ptr<Call>& call, const std::shared_ptr<const Backend>& backend) {
  HttpResponse response;
  JsonWriter json(response.body);
  json.begin_object().key("tasks").begin_array();
  for (const TaskDefinition& task : backend->tasks->all()) write_task(task, json);
  json.end_array().end_object();
  call->respond(std::move(response));
}

// A field that would have no effect is refused rather than ignored.
Result<PipelineRequest> read_request(const Call& call, const TaskDefinition& task,
                                     const ApiLimits& limits) {
  QAIO_ASSIGN(const JsonFields fields, JsonFields::parse(call.request().body, kFields));
  PipelineRequest request;
  QAIO_RETURN_IF_ERROR(read_task_fields(fields, call, limits, request));
  const auto refuse = [&](std::string_view field, std::string_view why) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' has no effect: task '{}' {}", field, task.name, why),
                std::string(field));
  };
  if (!task.history && !request.history.empty()) return refuse("history", "takes no history");
  if (task.kind != TaskKind::kGenerate) {
    const std::string_view why = task.question ? "answers a question and generates nothing"
                                               : "chooses a label and generates nothing";
    for (const std::string_view field : kSamplingFields) {
      if (fields.find(field) != nullptr) return refuse(field, why);
    }
  }
  request.tasks = {task.name};
  return request;
}

void write_result(const TaskDefinition& task, const TaskOutcome& outcome, JsonWriter& json) {
  json.key("task").string(task.name);
  if (task.kind == TaskKind::kGenerate) {
    json.key("text").string(outcome.text);
    return;
  }
  if (task.question) return write_question_answer(task, outcome, true, json);
  json.key("label");
  outcome.label ? json.string(*outcome.label) : json.null();
  json.key("score");
  outcome.score ? json.number(*outcome.score) : json.null();
  if (outcome.label_probabilities.empty()) {
    json.key("text").string(outcome.text);  // decode = "generate": what the label was read from
    return;
  }
  json.key("scores").begin_object();
  for (size_t i = 0; i < task.labels.size(); ++i) {
    json.key(task.labels[i]).number(outcome.label_probabilities[i]);
  }
  json.end_object();
}

void run_task(const std::shared_ptr<Call>& call, const std::shared_ptr<const Backend>& backend,
              const ApiLimits& limits) {
  const TaskDefinition* task = backend->tasks->find(call->request().parameter);
  if (task == nullptr) {
    call->respond(error_response(
        404, error_code_name(ErrorCode::kNotFound),
        fmt::format("there is no task '{}'; GET /v1/tasks lists them", call->request().parameter)));
    return;
  }
  Result<PipelineRequest> request = read_request(*call, *task, limits);
  if (!request) return refuse_unread(*call, error_response(request.error()));
  const auto write = [task, backend](const RequestOutcome& outcome, JsonWriter& json) {
    write_result(*task, outcome.tasks.front(), json);
  };
  run_tasks({call, backend, std::move(*request), write, {}, {}});
}

}  // namespace

void add_task_api(Router& router, const BackendSlot& slot, const ModelGate& gate,
                  const ApiLimits& limits) {
  router.add("GET", "/v1/tasks", Scope::kRun, when_ready(slot, list_tasks));
  router.add("POST", "/v1/tasks/{name}", Scope::kRun,
             when_ready(slot, gate.guard([limits](const auto& call, const auto& backend) {
               run_task(call, backend, limits);
             })));
}

}  // namespace qaio
