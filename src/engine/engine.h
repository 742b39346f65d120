// Runs requests on the model: one thread owns it, many threads submit.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/token.h"
#include "model/model.h"
#include "text/tokenizer.h"
#include "trace/trace.h"

namespace qaio {

struct SamplingParams {
  float temperature = 0.7F;  // 0: greedy
  int top_k = 0;             // 0: off
  float top_p = 0.9F;        // 1: off
  float repetition_penalty = 1.0F;
  uint64_t seed = 0;
};

// Scores label sequences on the prompt's next-token logits; nothing is generated. Where labels share
// their first tokens the walk goes on token by token; probabilities are normalized over the labels.
struct ClassifyJob {
  std::vector<std::vector<TokenId>> labels;  // at least two, none empty, all different
};

struct GenerateJob {
  SamplingParams sampling;
  int max_new_tokens = 128;
  bool ignore_eos = false;
};

enum class FinishReason : uint8_t { kStop, kLength, kScored };
std::string_view finish_reason_name(FinishReason reason);  // "stop", "length", "scored"

struct EngineResult {
  FinishReason finish_reason = FinishReason::kStop;
  std::string text;                         // generate: everything but the end token
  std::vector<float> label_probabilities;   // classify: one per label, sum 1
  Lane lane;                                // queue, prefill, decode / score stamped by the engine
  TaskCounters counters;
};

struct EngineRequest {
  std::vector<TokenId> prompt;  // at least one token
  std::variant<ClassifyJob, GenerateJob> job;
  TimeNs deadline_ns = 0;  // on the engine's clock; 0: none
  Lane lane;               // started by the caller, its prompt_build and tokenize already stamped
  // Called on the engine thread; must not block or throw. Text never ends inside a character.
  std::function<void(std::string_view text)> on_text;
  // Exactly once per accepted request, also on cancellation, deadline and shutdown (as an Error).
  std::function<void(Result<EngineResult>)> on_done;
};

struct EngineOptions {
  int queue_max = 128;            // waiting requests; past it submit() refuses
  int sequences_max = 16;         // sequences in one step
  int step_tokens = 512;          // prompt tokens in one step at most
  std::vector<TokenId> end_tokens;  // end generation: <|im_end|>, <|endoftext|>
};

using EngineRequestId = uint64_t;

class Engine {
 public:
  // The three outlive the engine.
  Engine(Model& model, const Tokenizer& tokenizer, const Clock& clock, EngineOptions options);
  ~Engine();  // stops the thread; unfinished requests end with kCancelled

  // Thread-safe, never blocks. kResourceExhausted when the queue is full, kInvalidArgument when the
  // request can never fit (prompt plus new tokens beyond the KV pool or the context length).
  Result<EngineRequestId> submit(EngineRequest request);
  // Takes effect at the next step; unknown or finished ids are ignored.
  void cancel(EngineRequestId id);

  struct Load {
    int waiting = 0;
    int running = 0;
    int kv_blocks_used = 0;
    int kv_blocks_total = 0;
  };
  Load load() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qaio
