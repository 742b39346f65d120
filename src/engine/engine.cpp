#include "engine/engine.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "engine/inbox.h"
#include "engine/sampler.h"
#include "engine/scheduler.h"
#include "engine/sequence.h"

namespace qaio {
namespace {

// Callbacks must not throw; one that does must not take the engine down. Returns whether it was
// good.
template <typename Callback, typename... Arguments>
bool call(const Callback& callback, Arguments&&... arguments) noexcept {
  try {
    if (callback) callback(std::forward<Arguments>(arguments)...);
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

// Everything but inbox_ and limits_ belongs to the engine thread.
struct Engine::Impl {
  Impl(Model& model, const Tokenizer& tokenizer, const Clock& clock, EngineOptions options);

  void run();
  void arrive(std::vector<Inbox::Submission> submissions);
  void end_early(std::span<const EngineRequestId> cancelled);
  void step();
  void prepare(const StepItem& item, TimeNs now_ns);
  void go_on(Sequence& sequence, std::span<float> logits, TimeNs usable_ns);
  void generate(Sequence& sequence, Generation& generation, std::span<float> logits);
  void score(Sequence& sequence, LabelWalk& walk, std::span<const float> logits);
  void finish(Sequence& sequence, Result<EngineResult> result, TimeNs now_ns);

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
  Inbox inbox_;
  Scheduler scheduler_;
  SamplerScratch scratch_;
  std::unique_ptr<float[]> logits_;  // [sequences_max, vocab] f32; untouched rows cost no memory
  std::vector<ForwardItem> items_;
  std::unordered_map<EngineRequestId, Sequence> sequences_;
  std::thread thread_;
};

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
      inbox_(options_.queue_max, model.kv_pool().blocks_total()),
      scheduler_({.step_tokens = std::clamp(options_.step_tokens, 1, model.step_tokens_max()),
                  .sequences_max = static_cast<int>(sequences_max_)}),
      scratch_(model.info().vocab),
      logits_(std::make_unique_for_overwrite<float[]>(vocab_ * sequences_max_)) {
  items_.reserve(sequences_max_);
}

void Engine::Impl::run() {
  for (;;) {
    Inbox::Mail mail = inbox_.take(scheduler_.idle());
    arrive(std::move(mail.submissions));
    if (mail.stop) break;
    end_early(mail.cancelled);
    step();
  }
  while (!sequences_.empty()) {
    finish(sequences_.begin()->second, fail(ErrorCode::kCancelled, "the engine is stopping"),
           clock_.now_ns());
  }
}

void Engine::Impl::arrive(std::vector<Inbox::Submission> submissions) {
  const TokenId end_token = options_.end_tokens.empty() ? -1 : options_.end_tokens.front();
  for (Inbox::Submission& submission : submissions) {
    const EngineRequestId id = submission.id;
    const auto [it, added] =
        sequences_.try_emplace(id, std::move(submission), model_, tokenizer_, end_token);
    const Sequence& sequence = it->second;
    scheduler_.add(id, static_cast<int>(sequence.tokens.size()),
                   KvPool::blocks_for(static_cast<int>(sequence.positions_max)));
  }
}

void Engine::Impl::end_early(std::span<const EngineRequestId> cancelled) {
  const TimeNs now_ns = clock_.now_ns();
  for (const EngineRequestId id : cancelled) {
    // A request that finished meanwhile is gone.
    if (const auto it = sequences_.find(id); it != sequences_.end()) {
      finish(it->second, fail(ErrorCode::kCancelled, "the request was cancelled"), now_ns);
    }
  }
  for (auto it = sequences_.begin(); it != sequences_.end();) {
    Sequence& sequence = (it++)->second;
    const TimeNs deadline_ns = sequence.request.deadline_ns;
    if (deadline_ns != 0 && now_ns >= deadline_ns) {
      finish(sequence, fail(ErrorCode::kDeadlineExceeded, "the request's time ran out"), now_ns);
    }
  }
}

void Engine::Impl::step() {
  const std::span<const StepItem> plan = scheduler_.plan(model_.kv_pool().blocks_free());
  if (plan.empty()) return;
  const TimeNs begin_ns = clock_.now_ns();
  items_.clear();
  for (const StepItem& item : plan) prepare(item, begin_ns);
  inbox_.set_kv_blocks_used(model_.kv_pool().blocks_total() - model_.kv_pool().blocks_free());

  const TimeNs forward_begin_ns = clock_.now_ns();
  model_.forward(items_);
  const TimeNs forward_end_ns = clock_.now_ns();

  for (size_t i = 0; i < plan.size(); ++i) {
    Sequence& sequence = sequences_.at(plan[i].id);
    TaskCounters& counters = sequence.trace.counters;
    if (sequence.stage() == Stage::kPrefill) {
      ++counters.prefill_steps;
    } else {
      ++counters.decode_steps;
      counters.forward_ns += forward_end_ns - forward_begin_ns;
    }
    if (plan[i].complete) go_on(sequence, items_[i].logits, forward_end_ns);
  }
}

void Engine::Impl::prepare(const StepItem& item, TimeNs now_ns) {
  Sequence& sequence = sequences_.at(item.id);
  if (item.admitted) {
    [[maybe_unused]] const auto reserved =
        sequence.kv.reserve(static_cast<int>(sequence.positions_max));
    assert(reserved && "the scheduler counts blocks as the pool does");
    sequence.enter(Stage::kPrefill, now_ns);
    sequence.trace.counters.scheduled_ns = now_ns;
    inbox_.admitted(item.id);
  }
  assert(sequence.kv.length() == item.begin);
  ForwardItem forward{
      .kv = &sequence.kv,
      .tokens = std::span(sequence.tokens)
                    .subspan(static_cast<size_t>(item.begin), static_cast<size_t>(item.count)),
      .logits_at = LogitsAt::kNone,
      .logit_rows = {},
      .logits = {}};
  if (item.complete) {
    forward.logits_at = LogitsAt::kLast;
    forward.logits = logits_of(items_.size());
    if (const auto* walk = std::get_if<LabelWalk>(&sequence.work)) {
      forward.logit_rows = walk->rows();
      forward.logits = forward.logits.first(walk->rows().size());
    }
  }
  items_.push_back(forward);
}

// What follows from the logits behind the last known token, usable since usable_ns.
void Engine::Impl::go_on(Sequence& sequence, std::span<float> logits, TimeNs usable_ns) {
  auto* generation = std::get_if<Generation>(&sequence.work);
  if (sequence.stage() == Stage::kPrefill) {
    sequence.enter(generation ? Stage::kDecode : Stage::kScore, usable_ns);
  }
  if (generation) {
    generate(sequence, *generation, logits);
  } else {
    score(sequence, std::get<LabelWalk>(sequence.work), logits);
  }
}

void Engine::Impl::generate(Sequence& sequence, Generation& generation, std::span<float> logits) {
  TaskCounters& counters = sequence.trace.counters;
  const TimeNs begin_ns = clock_.now_ns();
  const TokenId token = generation.sampler.draw(logits, scratch_);
  const TimeNs drawn_ns = clock_.now_ns();
  counters.sample_ns += drawn_ns - begin_ns;

  std::optional<FinishReason> reason;
  const auto& ends = options_.end_tokens;
  if (!generation.job.ignore_eos && std::ranges::find(ends, token) != ends.end()) {
    reason = FinishReason::kStop;
  } else if (counters.completion_tokens + 1 ==
             static_cast<uint32_t>(generation.job.max_new_tokens)) {
    reason = FinishReason::kLength;
  }
  std::string piece;
  if (reason != FinishReason::kStop) piece = generation.detokenizer.push(token);
  if (reason) piece += generation.detokenizer.finish();
  generation.text += piece;
  const bool heard = piece.empty() || call(sequence.request.on_text, std::string_view(piece));
  const TimeNs out_ns = clock_.now_ns();
  counters.detokenize_ns += out_ns - drawn_ns;
  sequence.count_token(out_ns);

  if (!heard) {
    finish(sequence, fail(ErrorCode::kInternal, "the request's on_text threw"), out_ns);
  } else if (reason) {
    finish(sequence,
           EngineResult{.finish_reason = *reason,
                        .text = std::move(generation.text),
                        .label_probabilities = {}},
           out_ns);
  } else {
    sequence.tokens.push_back(token);
    scheduler_.extend(sequence.id, sequence.kv.length(), static_cast<int>(sequence.tokens.size()));
  }
}

void Engine::Impl::score(Sequence& sequence, LabelWalk& walk, std::span<const float> logits) {
  const TimeNs begin_ns = clock_.now_ns();
  walk.score(logits);
  std::vector<float> probabilities;
  if (walk.done()) {
    probabilities = walk.probabilities();
  } else {
    sequence.follow(walk.path());
    scheduler_.extend(sequence.id, sequence.kv.length(), static_cast<int>(sequence.tokens.size()));
  }
  const TimeNs end_ns = clock_.now_ns();
  sequence.trace.counters.sample_ns += end_ns - begin_ns;
  if (walk.done()) {
    finish(sequence,
           EngineResult{.finish_reason = FinishReason::kScored,
                        .text = {},
                        .label_probabilities = std::move(probabilities)},
           end_ns);
  }
}

// Destroys the sequence: all it held is free before the client hears of it.
void Engine::Impl::finish(Sequence& sequence, Result<EngineResult> result, TimeNs now_ns) {
  sequence.leave(now_ns);
  const EngineTrace trace = sequence.trace;
  const auto on_done = std::move(sequence.request.on_done);
  const EngineRequestId id = sequence.id;
  scheduler_.remove(id);
  sequences_.erase(id);
  inbox_.set_kv_blocks_used(model_.kv_pool().blocks_total() - model_.kv_pool().blocks_free());
  inbox_.finished(id);
  call(on_done, std::move(result), trace);
}

Engine::Engine(Model& model, const Tokenizer& tokenizer, const Clock& clock, EngineOptions options)
    : impl_(std::make_unique<Impl>(model, tokenizer, clock, std::move(options))) {
  impl_->thread_ = std::thread([impl = impl_.get()] { impl->run(); });
}

Engine::~Engine() {
  impl_->inbox_.stop();
  impl_->thread_.join();
}

Result<EngineRequestId> Engine::submit(EngineRequest request) {
  QAIO_RETURN_IF_ERROR(validate(request, impl_->limits_));
  return impl_->inbox_.submit(std::move(request), impl_->clock_.now_ns());
}

void Engine::cancel(EngineRequestId id) { impl_->inbox_.cancel(id); }

Engine::Load Engine::load() const { return impl_->inbox_.load(); }

}  // namespace qaio
