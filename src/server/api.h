// The endpoints of the program on a router.
#pragma once

#include <memory>
#include <mutex>

#include "model/model.h"
#include "server/router.h"
#include "tasks/pipeline.h"
#include "tasks/task.h"
#include "text/tokenizer.h"

namespace qaio {

// What the endpoints need; everything pointed to outlives the server's requests.
struct Backend {
  const Pipeline* pipeline = nullptr;
  const TaskRegistry* tasks = nullptr;
  const Tokenizer* tokenizer = nullptr;
  ModelInfo model;
};

// Empty until the model is loaded and warmed up: the server listens from the first moment and
// tells the truth about not being ready. Thread-safe.
class BackendSlot {
 public:
  void set(std::shared_ptr<const Backend> backend) {
    const std::lock_guard lock(mutex_);
    backend_ = std::move(backend);
  }
  std::shared_ptr<const Backend> get() const {
    const std::lock_guard lock(mutex_);
    return backend_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Backend> backend_;
};

struct ApiLimits {
  size_t history_turns_max = 64;
  int new_tokens_max = 2048;
};

// Adds every endpoint of docs/http.md. `slot` outlives the router's use.
void add_api(Router& router, const BackendSlot& slot, const ApiLimits& limits);

}  // namespace qaio
