// The groups of endpoints that make up the API; see api.h.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/api/api.h"
#include "server/http/admission.h"
#include "server/http/worker_thread.h"

namespace qaio {

using BackendHandler =
    std::function<void(const std::shared_ptr<Call>&, const std::shared_ptr<const Backend>&)>;

// Answers 503 in the handler's place until there is a backend.
Handler when_ready(const BackendSlot& slot, BackendHandler handler);

// Refuses in the handler's place what the limits do not admit; else the call holds its place.
BackendHandler admitted(std::shared_ptr<Admission> admission, BackendHandler handler);

// Runs the handler on `thread` if the body is so long that reading it and what is in it would keep
// an I/O thread, and with it everybody else, for milliseconds. 503 if too many wait there.
BackendHandler offload_if_long(std::shared_ptr<WorkerThread> thread, BackendHandler handler);

// Answers a request that could not be read; its `parse` stage ends here.
void refuse_unread(Call& call, HttpResponse refusal);

// 404 for a model that a client named; `field` is where.
HttpResponse no_such_model(std::string_view asked, const Backend& backend, std::string_view field);

void add_health_api(Router& router, const BackendSlot& slot);
// Ends a sentence about a request that is too long: why, if the model itself could take more.
std::string memory_advice(const Backend& backend);

// What the endpoints that use the model share.
struct ModelGate {
  std::shared_ptr<Admission> admission;
  std::shared_ptr<WorkerThread> long_prompts;

  BackendHandler guard(BackendHandler handler) const {
    return admitted(admission, offload_if_long(long_prompts, std::move(handler)));
  }
};

void add_chat_api(Router& router, const BackendSlot& slot, const ModelGate& gate,
                  const ApiLimits& limits);
void add_task_api(Router& router, const BackendSlot& slot, const ModelGate& gate,
                  const ApiLimits& limits);
void add_openai_api(Router& router, const BackendSlot& slot, const ModelGate& gate,
                    const ApiLimits& limits);
void add_decisions_api(Router& router, const BackendSlot& slot, const ModelGate& gate,
                       const ApiLimits& limits);
void add_text_api(Router& router, const BackendSlot& slot);

}  // namespace qaio
