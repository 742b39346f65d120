// Runs requests on the model: one thread owns it, many threads submit.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "base/token.h"
#include "engine/request.h"
#include "model/model.h"
#include "text/tokenizer.h"
#include "trace/step_log.h"

namespace qaio {

struct EngineOptions {
  int queue_max = 256;     // waiting requests; past it submit() refuses
  int sequences_max = 16;  // sequences in one step
  int step_tokens = 512;   // tokens in one step, at most the model's step_tokens_max()
  std::chrono::nanoseconds step_time{100'000'000};  // no step is planned to take longer
  size_t steps_kept = 4096;                         // in steps(); 56 bytes each
  bool prefix_cache = true;                         // share KV memory of common beginnings
  std::vector<TokenId> end_tokens;                  // end generation: <|im_end|>, <|endoftext|>
  // The model's threads, which also draw the tokens of a step side by side; they outlive the
  // engine. Absent: the engine's thread draws them one by one.
  ThreadPool* pool = nullptr;
};

class Engine {
 public:
  // The three outlive the engine. Starts the engine's thread, asleep until the first request.
  Engine(Model& model, const Tokenizer& tokenizer, const Clock& clock, EngineOptions options);
  // Stops the thread; unfinished requests end with kCancelled before this returns.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Thread-safe, never waits for the model. On an error on_done is not called:
  // kResourceExhausted when the queue is full, kInvalidArgument when the request can never run (a
  // bad parameter, or prompt plus new tokens beyond the KV memory or the context length),
  // kCancelled when the engine is stopping. What the KV memory cannot hold beside pinned prompts
  // ends with kInvalidArgument in on_done.
  Result<EngineRequestId> submit(EngineRequest request);
  // Takes effect at the next step; unknown or finished ids are ignored. Thread-safe.
  void cancel(EngineRequestId id);

  // From now on submit() refuses with kCancelled. Waits until all accepted requests are done; those
  // that are not after `patience` are cancelled, which takes one more step. Returns whether all
  // finished by themselves. Not from a callback.
  bool drain(std::chrono::nanoseconds patience);

  // Of one request, prompt and answer together: what the model's context and KV memory allow.
  int positions_max() const;
  // The same without what pinned prompts hold for good.
  int positions_free() const;

  struct Load {
    int waiting = 0;  // accepted, no token computed yet, or paused
    int running = 0;
    int kv_blocks_used = 0;    // held by running sequences
    int kv_blocks_pinned = 0;  // beside them, for good
    int kv_blocks_cached = 0;  // held by nobody, kept in case a prompt begins like them
    int kv_blocks_total = 0;
    int states_used = 0;    // of recurrent layers: by sequences
    int states_cached = 0;  // kept for prompts that begin likewise
    int states_total = 0;   // 0: the model has none
    // Since the start.
    uint64_t steps = 0;
    uint64_t prompt_tokens = 0;      // of prompts that were scheduled
    uint64_t cached_tokens = 0;      // of them, found in the prefix cache
    uint64_t completion_tokens = 0;  // drawn
    uint64_t preemptions = 0;        // times that a sequence was paused
  };
  // As of the last step. Thread-safe.
  Load load() const;

  // The last steps. Readable from any thread while the engine lives.
  const StepLog& steps() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qaio
