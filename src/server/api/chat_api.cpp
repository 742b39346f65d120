// POST /chat
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

#include "server/api/endpoints.h"
#include "server/api/run_tasks.h"
#include "server/api/task_answer.h"
#include "server/api/task_fields.h"
#include "server/http/event_stream.h"

namespace qaio {
namespace {

constexpr std::string_view kSentiment = "sentiment";
constexpr std::string_view kChat = "chat";
constexpr auto kFields = std::to_array<std::string_view>(
    {"input", "history", "system", "stream", "max_new_tokens", "temperature", "top_p", "top_k",
     "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty", "stop", "seed",
     "timeout_ms", "tasks"});

std::string known_tasks(const TaskRegistry& tasks) {
  std::string names;
  for (const TaskDefinition& task : tasks.all()) {
    names += names.empty() ? task.name : ", " + task.name;
  }
  return names;
}

Result<std::vector<std::string>> read_tasks(const JsonFields& fields, const TaskRegistry& known) {
  QAIO_ASSIGN(const boost::json::array* array, fields.array("tasks", TaskRegistry::kTasksMax));
  if (array == nullptr)
    return std::vector<std::string>{std::string(kSentiment), std::string(kChat)};
  std::vector<std::string> names;
  for (const boost::json::value& value : *array) {
    if (!value.is_string()) return fields.must_be("tasks", "an array of task names");
    std::string name(value.get_string());
    if (known.find(name) == nullptr) {
      return fields.must_be("tasks", "an array of task names; known are " + known_tasks(known));
    }
    if (std::ranges::find(names, name) != names.end()) {
      return fields.must_be("tasks", "an array of different task names");
    }
    names.push_back(std::move(name));
  }
  if (names.empty()) return fields.must_be("tasks", "an array of at least one task name");
  return names;
}

// Of the conversation: for the tasks that have one.
Result<std::string> read_system(const JsonFields& fields, const std::vector<std::string>& names,
                                const TaskRegistry& known) {
  if (fields.find("system") == nullptr) return std::string();
  QAIO_ASSIGN(std::string system, fields.text("system"));
  const auto takes_history = [&](const std::string& name) { return known.find(name)->history; };
  if (system.empty() || std::ranges::any_of(names, takes_history)) return system;
  return fail(ErrorCode::kInvalidArgument,
              "'system' has no effect: none of 'tasks' takes a history", "system");
}

struct ChatRequest {
  PipelineRequest pipeline;
  bool stream = false;
};

Result<ChatRequest> read_chat(const Call& call, const TaskRegistry& tasks,
                              const ApiLimits& limits) {
  QAIO_ASSIGN(const JsonFields fields, JsonFields::parse(call.request().body, kFields));
  ChatRequest request;
  QAIO_RETURN_IF_ERROR(read_task_fields(fields, call, limits, request.pipeline));
  QAIO_ASSIGN(request.pipeline.tasks, read_tasks(fields, tasks));
  QAIO_ASSIGN(request.pipeline.system, read_system(fields, request.pipeline.tasks, tasks));
  QAIO_ASSIGN(const std::optional<bool> stream, fields.boolean("stream"));
  request.stream = stream.value_or(false);
  return request;
}

void write_label(const TaskOutcome& task, std::string_view label, std::string_view score,
                 JsonWriter& json) {
  json.key(label);
  task.label ? json.string(*task.label) : json.null();
  json.key(score);
  task.score ? json.number(*task.score) : json.null();
}

void write_other(const TaskOutcome& task, const TaskRegistry& known, JsonWriter& json) {
  json.key(task.task).begin_object();
  if (task.question) {
    write_question_answer(*known.find(task.task), task, false, json);
  } else if (task.kind == TaskKind::kClassify) {
    write_label(task, "label", "score", json);
  } else {
    json.key("text").string(task.text);
  }
  json.end_object();
}

void write_result(const RequestOutcome& outcome, const TaskRegistry& known, JsonWriter& json) {
  bool others = false;
  for (const TaskOutcome& task : outcome.tasks) {
    if (task.task == kSentiment) {
      write_label(task, "sentiment", "sentiment_score", json);
    } else if (task.task == kChat) {
      json.key("reply").string(task.text);
    } else {
      others = true;
    }
  }
  if (!others) return;
  json.key("results").begin_object();
  for (const TaskOutcome& task : outcome.tasks) {
    if (task.task != kSentiment && task.task != kChat) write_other(task, known, json);
  }
  json.end_object();
}

std::string sentiment_event(const TaskOutcome& task) {
  if (task.task != kSentiment) return {};
  std::string data;
  JsonWriter json(data);
  json.begin_object();
  write_label(task, "sentiment", "sentiment_score", json);
  json.end_object();
  return server_sent_event("sentiment", data);
}

std::string token_event(const std::string& text) {
  std::string data;
  JsonWriter(data).begin_object().key("text").string(text).end_object();
  return server_sent_event("token", data);
}

void chat(const std::shared_ptr<Call>& call, const std::shared_ptr<const Backend>& backend,
          const ApiLimits& limits) {
  Result<ChatRequest> request = read_chat(*call, *backend->tasks, limits);
  if (!request) return refuse_unread(*call, error_response(request.error()));
  const auto write = [backend](const RequestOutcome& outcome, JsonWriter& json) {
    write_result(outcome, *backend->tasks, json);
  };
  TaskCall task_call{call, backend, std::move(request->pipeline), write, {}, {}};
  if (request->stream) {
    const std::vector<std::string> names = task_call.request.tasks;
    task_call.task_event = sentiment_event;
    task_call.text_event = [names](size_t task, const std::string& text) {
      return names[task] == kChat ? token_event(text) : std::string();
    };
  }
  run_tasks(std::move(task_call));
}

}  // namespace

void add_chat_api(Router& router, const BackendSlot& slot, const ModelGate& gate,
                  const ApiLimits& limits) {
  router.add("POST", "/chat", Scope::kRun,
             when_ready(slot, gate.guard([limits](const auto& call, const auto& backend) {
               chat(call, backend, limits);
             })));
}

}  // namespace qaio
