#include "server/api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <exception>

#include "server/api/endpoints.h"

namespace qaio {
namespace {

// Below, reading the body and making tokens of it takes well under a millisecond.
constexpr size_t kLongBodyBytes = 8 << 10;

std::string comparable(std::string_view name) {
  std::string out(name);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::string_view kLatest = ":latest";
  if (out.ends_with(kLatest)) out.resize(out.size() - kLatest.size());
  return out;
}

}  // namespace

std::vector<std::string> Backend::served_names() const {
  return aliases.empty() ? std::vector{model.name} : aliases;
}

bool Backend::is_called(std::string_view name) const {
  const std::vector<std::string> names = served_names();
  return std::ranges::find(names, comparable(name), comparable) != names.end();
}

Handler when_ready(const BackendSlot& slot, BackendHandler handler) {
  return [&slot, handler = std::move(handler)](const std::shared_ptr<Call>& call) {
    if (const auto backend = slot.get()) {
      handler(call, backend);
    } else {
      call->respond(error_response(503, "not_ready", "the model is being loaded, try again soon"));
    }
  };
}

BackendHandler admitted(std::shared_ptr<Admission> admission, BackendHandler handler) {
  return [admission = std::move(admission), handler = std::move(handler)](const auto& call,
                                                                          const auto& backend) {
    std::shared_ptr<void> ticket;
    call->record().requests_ahead = admission->admitted();
    if (auto refusal = admission->admit(call->request().client, ticket)) {
      call->respond(std::move(*refusal));
      return;
    }
    call->hold(std::move(ticket));
    handler(call, backend);
  };
}

BackendHandler offload_if_long(std::shared_ptr<WorkerThread> thread, BackendHandler handler) {
  return [thread = std::move(thread), handler = std::move(handler)](const auto& call,
                                                                    const auto& backend) {
    if (call->request().body.size() < kLongBodyBytes) return handler(call, backend);
    const auto cancelled = std::make_shared<std::atomic<bool>>(false);
    call->on_cancel([cancelled] { *cancelled = true; });
    const bool taken = thread->post([call, backend, handler, cancelled] {
      if (*cancelled) {
        call->respond(error_response(503, error_code_name(ErrorCode::kCancelled),
                                     "the request was cancelled"));
        return;
      }
      try {
        handler(call, backend);
      } catch (const std::exception& error) {  // one request fails, not the server
        call->fail(error);
      }
    });
    if (taken) return;
    call->respond(error_response(503, error_code_name(ErrorCode::kResourceExhausted),
                                 "too many long texts wait already; try again soon"));
  };
}

void refuse_unread(Call& call, HttpResponse refusal) {
  call.lap(Stage::kParse);
  call.respond(std::move(refusal));
}

HttpResponse no_such_model(std::string_view asked, const Backend& backend, std::string_view field) {
  return error_response(
      404, "model_not_found",
      fmt::format("the model '{}' is not served here, '{}' is", asked.substr(0, 100),
                  fmt::join(backend.served_names(), "', '")),
      field);
}

std::string memory_advice(const Backend& backend) {
  if (backend.engine->positions_max() >= backend.model.context_max) return {};
  return fmt::format(
      "; the server's KV memory is the limit (--kv-tokens), the model's context is {}",
      backend.model.context_max);
}

void add_api(Router& router, const BackendSlot& slot, const ApiLimits& limits) {
  add_health_api(router, slot);
  const ModelGate gate{std::make_shared<Admission>(
                           Admission::Limits{.requests_max = limits.requests_max,
                                             .client_requests_max = limits.client_requests_max,
                                             .time_max = limits.request_time},
                           SteadyClock::instance()),
                       std::make_shared<WorkerThread>(static_cast<size_t>(limits.requests_max))};
  add_chat_api(router, slot, gate, limits);
  add_task_api(router, slot, gate, limits);
  add_openai_api(router, slot, gate, limits);
  add_decisions_api(router, slot, gate, limits);
  add_text_api(router, slot);
}

}  // namespace qaio
