// The groups of endpoints that make up the API; see api.h.
#pragma once

#include <functional>
#include <memory>

#include "server/admission.h"
#include "server/api.h"

namespace qaio {

using BackendHandler =
    std::function<void(const std::shared_ptr<Call>&, const std::shared_ptr<const Backend>&)>;

// Answers 503 in the handler's place until there is a backend.
Handler when_ready(const BackendSlot& slot, BackendHandler handler);

// Refuses in the handler's place what the limits do not admit; else the call holds its place.
BackendHandler admitted(std::shared_ptr<Admission> admission, BackendHandler handler);

void add_health_api(Router& router, const BackendSlot& slot);
void add_chat_api(Router& router, const BackendSlot& slot,
                  const std::shared_ptr<Admission>& admission, const ApiLimits& limits);
void add_task_api(Router& router, const BackendSlot& slot,
                  const std::shared_ptr<Admission>& admission, const ApiLimits& limits);
void add_openai_api(Router& router, const BackendSlot& slot,
                    const std::shared_ptr<Admission>& admission, const ApiLimits& limits);
void add_text_api(Router& router, const BackendSlot& slot);

}  // namespace qaio
