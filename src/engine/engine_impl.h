// What the engine thread works with. engine.cpp holds how requests come and go, engine_step.cpp the
// steps in between.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/generation.h"
#include "engine/label_round.h"
#include "engine/prefix_cache.h"
#include "engine/scheduler.h"
#include "engine/sequence.h"
#include "engine/step_budget.h"
#include "engine/submission_queue.h"

namespace qaio {

// Tokens of questions and labels in one step behind which the whole output head is read. More would
// hardly be faster, and each has logits of its own.
inline constexpr int kFullReadings = 64;

inline int step_tokens(const EngineOptions& options, const Model& model) {
  return std::clamp(options.step_tokens, 1, model.step_tokens_max());
}

// Short enough to need no memory of its own.
inline constexpr const char* kOutOfMemory = "out of memory";

// Of why a request ends; where there is no memory for the sentence, that is the reason told.
inline tl::unexpected<Error> failure(ErrorCode code, const char* sentence) noexcept {
  try {
    return fail(code, sentence);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kResourceExhausted, kOutOfMemory);
  }
}

// Everything but submissions_ and limits_ belongs to the engine thread.
struct Engine::Impl final : private SequenceMemory {
  Impl(Model& model, const Tokenizer& tokenizer, const Clock& clock, EngineOptions options);

  void run();
  void arrive(std::span<SubmissionQueue::Submission> submissions);
  void end_early(std::span<const EngineRequestId> cancelled);
  void refuse_what_cannot_fit();
  void end_what_ran();
  void step();
  int extend_walks(int tokens);
  std::optional<int> admit(EngineRequestId id, int positions, bool to_the_last) override;
  bool grow(EngineRequestId id, int positions) override;
  void pause(EngineRequestId id) override;
  void prepare(const StepItem& item, EngineStep& step);
  void draw_tokens(std::span<const StepItem> plan);
  void draw_token(const StepItem& item, size_t i, GenerationScratch& scratch);
  void go_on(Sequence& sequence, size_t item, TimeNs usable_ns);
  static bool hears(const Sequence& sequence, const Generation::Piece& piece);
  void generate(Sequence& sequence, Generation& generation, TokenId token);
  void score(Sequence& sequence, QuestionWalk& walk, std::span<const float> root_logits);
  int running_in(Stage stage) const;
  void pin(Sequence& sequence, TimeNs now_ns);
  bool reserve(Sequence& sequence, int positions, int blocks_left);
  bool take_states(Sequence& sequence);
  void remember(Sequence& sequence) noexcept;
  void publish();
  void finish(Sequence& sequence, Result<EngineResult> result, TimeNs now_ns) noexcept;
  void hand_over(const std::function<void(Result<EngineResult>, const EngineTrace&)>& on_done,
                 Result<EngineResult> result, const EngineTrace& trace) noexcept;

  std::span<float> logits_of(size_t item) {
    return std::span(logits_.get(), vocab_ * sequences_max_).subspan(item * vocab_, vocab_);
  }

  Model& model_;
  const Tokenizer& tokenizer_;
  const Clock& clock_;
  const EngineOptions options_;
  const size_t vocab_;
  const size_t sequences_max_;
  RequestLimits limits_;
  SubmissionQueue submissions_;
  PrefixCache cache_;
  LabelRound label_round_;
  StepBudget step_budget_;
  Scheduler scheduler_;
  std::vector<std::unique_ptr<GenerationScratch>> scratch_;  // one per thread that draws
  std::unique_ptr<float[]> logits_;  // [sequences_max, vocab] f32; untouched rows cost no memory
  std::vector<ForwardItem> items_;
  std::vector<TokenId> drawn_;  // by item of the step; only where a token was to be drawn
  const int blocks_kept_;       // that a newcomer leaves for short work
  Load totals_;
  StepLog step_log_;
  std::unordered_map<EngineRequestId, Sequence> sequences_;
  std::thread thread_;
};

}  // namespace qaio
