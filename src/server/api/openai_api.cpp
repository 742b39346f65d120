// POST /v1/chat/completions, POST /v1/completions, GET /v1/models, GET /v1/models/{name}
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "base/utc_text.h"
#include "server/api/endpoints.h"
#include "server/api/openai_request.h"
#include "server/api/openai_run.h"

namespace qaio {
namespace {

// What the `chat` task is configured with: one place to change for both ways to chat.
SamplingParams default_sampling(const Backend& backend) {
  const TaskDefinition* chat = backend.tasks->find("chat");
  return chat == nullptr ? SamplingParams() : chat->sampling();
}

// The first name that the client gave, if none of those it gave is served.
std::optional<std::string_view> missing_model(const OpenAiRequest& request,
                                              const Backend& backend) {
  std::vector<std::string_view> names(request.other_models.begin(), request.other_models.end());
  if (!request.model.empty()) names.insert(names.begin(), request.model);
  const auto is_served = [&](std::string_view name) { return backend.is_called(name); };
  if (names.empty() || std::ranges::any_of(names, is_served)) return std::nullopt;
  return names.front();
}

using Read = Result<OpenAiRequest> (*)(std::string_view, const SamplingParams&, const ApiLimits&);

BackendHandler completions(Read read, const ApiLimits& limits) {
  return [read, limits](const auto& call, const auto& backend) {
    Result<OpenAiRequest> request = read(call->request().body, default_sampling(*backend), limits);
    if (!request) {
      refuse_unread(*call, error_response(request.error()));
    } else if (const auto missing = missing_model(*request, *backend)) {
      refuse_unread(*call,
                    no_such_model(*missing, *backend, request->model.empty() ? "models" : "model"));
    } else {
      run_openai(call, backend, std::move(*request), limits);
    }
  };
}

// `meta` and `output_modalities` are llama-server's; the latter tells who looks for a model that
// decides that this one does.
void write_model(const Backend& backend, std::string_view name, JsonWriter& json) {
  json.begin_object().key("id").string(name).key("object").string("model");
  json.key("created").integer(backend.loaded_unix_s).key("owned_by").string("qaio");
  json.key("output_modalities").begin_array().string("text").string("decisions").end_array();
  json.key("meta").begin_object();
  json.key("n_vocab").integer(backend.model.vocab);
  json.key("n_ctx_train").integer(backend.model.context_max);
  json.key("n_embd").integer(backend.model.hidden);
  json.key("n_params").integer(static_cast<int64_t>(backend.model.parameters));
  json.key("size").integer(static_cast<int64_t>(backend.model.file_bytes));
  json.end_object().end_object();
}

// As TypeSafe's clients want it. When a model was released its files do not say: it is the day on
// which it was loaded.
void write_model_card(const Backend& backend, std::string_view name, JsonWriter& json) {
  const ModelInfo& model = backend.model;
  json.begin_object().key("name").string(name);
  json.key("description")
      .string(fmt::format("{}, {} parameters, {}, context of {} tokens", model.architecture,
                          model.parameters, model.weight_type, model.context_max));
  json.key("release_date").string(utc_day_text(backend.loaded_unix_s * 1000)).end_object();
}

void list_models(const std::shared_ptr<Call>& call, const std::shared_ptr<const Backend>& backend) {
  HttpResponse response;
  JsonWriter json(response.body);
  json.begin_object().key("object").string("list").key("data").begin_array();
  for (const std::string& name : backend->served_names()) write_model(*backend, name, json);
  json.end_array().key("models").begin_array();
  for (const std::string& name : backend->served_names()) write_model_card(*backend, name, json);
  json.end_array().end_object();
  call->respond(std::move(response));
}

void show_model(const std::shared_ptr<Call>& call, const std::shared_ptr<const Backend>& backend) {
  const std::string asked = percent_decoded(call->request().parameter);
  if (!backend->is_called(asked)) {
    call->respond(no_such_model(asked, *backend, "model"));
    return;
  }
  HttpResponse response;
  JsonWriter json(response.body);
  write_model(*backend, asked, json);
  call->respond(std::move(response));
}

}  // namespace

void add_openai_api(Router& router, const BackendSlot& slot, const ModelGate& gate,
                    const ApiLimits& limits) {
  router.add("POST", "/v1/chat/completions", Scope::kRun,
             when_ready(slot, gate.guard(completions(read_chat_completion, limits))));
  router.add("POST", "/v1/completions", Scope::kRun,
             when_ready(slot, gate.guard(completions(read_completion, limits))));
  router.add("GET", "/v1/models", Scope::kRun, when_ready(slot, list_models));
  router.add("GET", "/v1/models/{name}", Scope::kRun, when_ready(slot, show_model));
}

}  // namespace qaio
