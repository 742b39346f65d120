// The endpoints of the program on a router.
#pragma once

#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "engine/engine.h"
#include "model/model.h"
#include "server/http/router.h"
#include "tasks/pipeline.h"
#include "tasks/question.h"
#include "tasks/task.h"
#include "text/tokenizer.h"

namespace qaio {

// What the endpoints need; everything pointed to outlives the server's requests.
struct Backend {
  const Pipeline* pipeline = nullptr;
  const TaskRegistry* tasks = nullptr;
  const Tokenizer* tokenizer = nullptr;
  ModelInfo model;
  Engine* engine = nullptr;
  int64_t loaded_unix_s = 0;  // when the model became ready
  // What OpenAI's clients may call it, the first in answers; none: the model's own name.
  std::vector<std::string> aliases = {};
  std::string fingerprint = {};  // changes with the program and the model
  Calibration calibration = {};  // of decisions

  std::vector<std::string> served_names() const;
  const std::string& served_name() const { return aliases.empty() ? model.name : aliases.front(); }
  // Letter case does not matter, nor ":latest" at the end, which Ollama's clients add.
  bool is_called(std::string_view name) const;
};

// Empty until the model is loaded and warmed up: the server listens from the first moment and
// tells the truth about not being ready. Thread-safe.
class BackendSlot {
 public:
  void set(std::shared_ptr<const Backend> backend) {
    const MutexLock lock(mutex_);
    backend_ = std::move(backend);
  }
  std::shared_ptr<const Backend> get() const {
    const MutexLock lock(mutex_);
    return backend_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Backend> backend_ QAIO_GUARDED_BY(mutex_);
};

struct ApiLimits {
  size_t history_turns_max = 64;
  size_t messages_max = 130;      // of an OpenAI conversation: 64 exchanges and what frames them
  int new_tokens_max = 0;         // what a request may ask for; 0: what fits
  int new_tokens_default = 2048;  // of a chat completion that does not say; less if less fits
  // Requests to the model that are admitted at once, computing or waiting; past it 503.
  int requests_max = 128;
  bool strict_lengths = false;  // more new tokens than there may be are refused, not cut
  int client_requests_max = 0;  // the same per client address, past it 429; 0: no limit
  std::chrono::milliseconds request_time{600'000};  // from its arrival; then it ends with 504

  int new_tokens_bound() const {
    return new_tokens_max > 0 ? new_tokens_max : std::numeric_limits<int>::max();
  }
};

// Adds every endpoint of docs/http.md. `slot` outlives the router's use.
void add_api(Router& router, const BackendSlot& slot, const ApiLimits& limits);

}  // namespace qaio
