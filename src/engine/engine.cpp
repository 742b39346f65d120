#include "engine/engine.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/engine_impl.h"

namespace qaio {
namespace {

// Of the KV memory, this part is kept for short work while others run.
constexpr int kPartKept = 16;

}  // namespace

Engine::Impl::Impl(Model& model, const Tokenizer& tokenizer, const Clock& clock,
                   EngineOptions options)
    : model_(model),
      tokenizer_(tokenizer),
      clock_(clock),
      options_(std::move(options)),
      vocab_(static_cast<size_t>(model.info().vocab)),
      sequences_max_(static_cast<size_t>(std::max(options_.sequences_max, 1))),
      limits_{.vocab = model.info().vocab,
              .positions_max = std::min(model.info().context_max,
                                        model.kv_pool().blocks_total() * kKvBlockTokens),
              .end_tokens = options_.end_tokens},
      submissions_(options_.queue_max, model.kv_pool().blocks_total()),
      cache_(model.kv_pool()),
      label_round_(model, cache_, clock, step_tokens(options_, model),
                   std::max(kFullReadings, static_cast<int>(sequences_max_))),
      step_budget_({.step_ns = options_.step_time.count(),
                    .tokens_max = step_tokens(options_, model),
                    .sequences_max = static_cast<int>(sequences_max_)}),
      scheduler_({.step_tokens = step_tokens(options_, model),
                  .sequences_max = static_cast<int>(sequences_max_)},
                 *this),
      logits_(std::make_unique_for_overwrite<float[]>(vocab_ * sequences_max_)),
      blocks_kept_(model.kv_pool().blocks_total() / kPartKept),
      step_log_(options_.steps_kept) {
  items_.reserve(sequences_max_);
  for (int i = 0, threads = options_.pool ? options_.pool->size() : 1; i < threads; ++i) {
    scratch_.push_back(std::make_unique<GenerationScratch>(model.info().vocab));
  }
}

void Engine::Impl::run() {
  for (;;) {
    try {
      SubmissionQueue::Batch batch = submissions_.take(scheduler_.idle());
      arrive(batch.submissions);
      if (batch.stop) break;
      end_early(batch.cancelled);
      refuse_what_cannot_fit();
      step();
    } catch (const std::bad_alloc&) {
      end_what_ran();
    }
  }
  while (!sequences_.empty()) {
    finish(sequences_.begin()->second, failure(ErrorCode::kCancelled, "the engine is stopping"),
           clock_.now_ns());
  }
}

// Every one of them becomes a sequence or is refused: none is lost.
void Engine::Impl::arrive(std::span<SubmissionQueue::Submission> submissions) {
  const TokenId end_token = options_.end_tokens.empty() ? -1 : options_.end_tokens.front();
  for (SubmissionQueue::Submission& submission : submissions) {
    const EngineRequestId id = submission.id;
    const auto on_done = std::move(submission.request.on_done);
    EngineTrace refused;
    refused.lane = submission.request.lane;
    refused.finish_reason = finish_reason_of(ErrorCode::kResourceExhausted);
    try {
      submission.request.on_done = on_done;
      const auto [it, added] =
          sequences_.try_emplace(id, std::move(submission), model_, tokenizer_, end_token);
      const Sequence& sequence = it->second;
      scheduler_.add(id, {.known = static_cast<int>(sequence.tokens.size()),
                          .positions_max = static_cast<int>(sequence.positions_max),
                          .brief = !std::holds_alternative<Generation>(sequence.work),
                          .client = sequence.request.client});
    } catch (const std::bad_alloc&) {
      sequences_.erase(id);
      submissions_.finished(id);
      hand_over(on_done, fail(ErrorCode::kResourceExhausted, kOutOfMemory), refused);
    }
  }
}

void Engine::Impl::end_early(std::span<const EngineRequestId> cancelled) {
  const TimeNs now_ns = clock_.now_ns();
  for (const EngineRequestId id : cancelled) {
    // A request that finished meanwhile is gone.
    if (const auto it = sequences_.find(id); it != sequences_.end()) {
      finish(it->second, failure(ErrorCode::kCancelled, "the request was cancelled"), now_ns);
    }
  }
  for (auto it = sequences_.begin(); it != sequences_.end();) {
    Sequence& sequence = (it++)->second;
    const TimeNs deadline_ns = sequence.request.deadline_ns;
    if (deadline_ns != 0 && now_ns >= deadline_ns) {
      finish(sequence, failure(ErrorCode::kDeadlineExceeded, "the request's time ran out"), now_ns);
    }
  }
}

// Of a step that lacked memory nobody knows how far it came with whom, so all end that may have
// been part of it. What waits was not touched.
void Engine::Impl::end_what_ran() {
  label_round_.clear();
  const TimeNs now_ns = clock_.now_ns();
  for (auto it = sequences_.begin(); it != sequences_.end();) {
    Sequence& sequence = (it++)->second;
    if (scheduler_.waits(sequence.id)) continue;
    finish(sequence, fail(ErrorCode::kResourceExhausted, kOutOfMemory), now_ns);
  }
}

// Pinned prompts take memory for good. What then fits no more must not keep the queue waiting.
void Engine::Impl::refuse_what_cannot_fit() {
  for (auto it = sequences_.begin(); it != sequences_.end();) {
    Sequence& sequence = (it++)->second;
    if (sequence.stage() != Stage::kQueue) continue;
    const auto prompt = std::span(sequence.tokens);
    const bool pins = std::holds_alternative<PinJob>(sequence.work);
    if (pins && !cache_.can_pin(prompt)) {
      finish(sequence,
             fail(ErrorCode::kResourceExhausted,
                  "more than half of the KV memory would be taken for good"),
             clock_.now_ns());
    } else if (const auto positions = static_cast<int>(sequence.positions_max);
               !cache_.can_ever_hold(prompt.first(prompt.size() - 1), positions)) {
      const bool prompt_fits = cache_.can_ever_hold(prompt.first(prompt.size() - 1),
                                                    static_cast<int>(prompt.size()) + 1);
      finish(sequence,
             fail(ErrorCode::kInvalidArgument,
                  "the prompt and what is to follow need " + std::to_string(positions) +
                      " positions of KV memory, more than pinned prompts leave free",
                  field_too_long(prompt_fits, std::holds_alternative<QuestionWalk>(sequence.work))),
             clock_.now_ns());
    }
  }
}

// Destroys the sequence: all it held is free before the client hears of it.
void Engine::Impl::finish(Sequence& sequence, Result<EngineResult> result, TimeNs now_ns) noexcept {
  sequence.leave(now_ns);
  remember(sequence);
  sequence.trace.finish_reason =
      result ? result->finish_reason : finish_reason_of(result.error().code);
  const EngineTrace trace = sequence.trace;
  const auto on_done = std::move(sequence.request.on_done);
  const EngineRequestId id = sequence.id;
  scheduler_.remove(id);
  sequences_.erase(id);
  publish();
  submissions_.finished(id);
  hand_over(on_done, std::move(result), trace);
}

// Callbacks must not throw; one that does must not take the engine down. One that lacked memory is
// told so, as its client waits.
void Engine::Impl::hand_over(
    const std::function<void(Result<EngineResult>, const EngineTrace&)>& on_done,
    Result<EngineResult> result, const EngineTrace& trace) noexcept {
  if (!on_done) return;
  try {
    try {
      on_done(std::move(result), trace);
    } catch (const std::bad_alloc&) {
      on_done(fail(ErrorCode::kResourceExhausted, kOutOfMemory), trace);
    }
  } catch (...) {
  }
}

void Engine::Impl::publish() {
  const KvPool& pool = model_.kv_pool();
  totals_.kv_blocks_total = pool.blocks_total();
  totals_.kv_blocks_cached = pool.blocks_idle();
  totals_.kv_blocks_pinned = cache_.pinned();
  totals_.kv_blocks_used =
      pool.blocks_total() - pool.blocks_free() - pool.blocks_idle() - cache_.pinned();
  totals_.states_total = pool.states_total();
  totals_.states_cached = cache_.states();
  totals_.states_used = pool.states_total() - pool.states_free() - cache_.states();
  submissions_.publish(totals_);
}

Engine::Engine(Model& model, const Tokenizer& tokenizer, const Clock& clock, EngineOptions options)
    : impl_(std::make_unique<Impl>(model, tokenizer, clock, std::move(options))) {
  impl_->thread_ = std::thread([impl = impl_.get()] { impl->run(); });
}

Engine::~Engine() {
  impl_->submissions_.stop();
  impl_->thread_.join();
}

Result<EngineRequestId> Engine::submit(EngineRequest request) {
  QAIO_RETURN_IF_ERROR(validate(request, impl_->limits_));
  return impl_->submissions_.submit(std::move(request), impl_->clock_.now_ns());
}

void Engine::cancel(EngineRequestId id) { impl_->submissions_.cancel(id); }

bool Engine::drain(std::chrono::nanoseconds patience) {
  impl_->submissions_.close();
  if (impl_->submissions_.wait_until_idle(patience)) return true;
  impl_->submissions_.cancel_all();
  while (!impl_->submissions_.wait_until_idle(std::chrono::hours(1))) {
  }
  return false;
}

int Engine::positions_max() const { return impl_->limits_.positions_max; }

int Engine::positions_free() const {
  const Load now = load();
  return std::min(positions_max(), (now.kv_blocks_total - now.kv_blocks_pinned) * kKvBlockTokens);
}

Engine::Load Engine::load() const { return impl_->submissions_.load(); }

const StepLog& Engine::steps() const { return impl_->step_log_; }

}  // namespace qaio
