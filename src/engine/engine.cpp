#include "engine/engine.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "engine/generation.h"
#include "engine/inbox.h"
#include "engine/label_round.h"
#include "engine/pacer.h"
#include "engine/prefix_cache.h"
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

// Nodes of label walks in one step. More would hardly be faster, and each has logits of its own.
constexpr int kLabelNodes = 64;

constexpr int kPausesOnLane = 5;

// Of the KV memory, this part is kept for short work while others run.
constexpr int kPartKept = 16;

int step_tokens(const EngineOptions& options, const Model& model) {
  return std::clamp(options.step_tokens, 1, model.step_tokens_max());
}

}  // namespace

// Everything but inbox_ and limits_ belongs to the engine thread.
struct Engine::Impl final : private SequenceMemory {
  Impl(Model& model, const Tokenizer& tokenizer, const Clock& clock, EngineOptions options);

  void run();
  void arrive(std::span<Inbox::Submission> submissions);
  void end_early(std::span<const EngineRequestId> cancelled);
  void refuse_what_cannot_fit();
  void step();
  int extend_walks(int tokens);
  std::optional<int> admit(EngineRequestId id, int positions, bool to_the_last) override;
  bool grow(EngineRequestId id, int positions) override;
  void pause(EngineRequestId id) override;
  void prepare(const StepItem& item, EngineStep& step);
  void draw_tokens(std::span<const StepItem> plan);
  void go_on(Sequence& sequence, size_t item, TimeNs usable_ns);
  void generate(Sequence& sequence, Generation& generation, TokenId token);
  void score(Sequence& sequence, LabelWalk& walk, std::span<const float> root_logits);
  int running_in(Stage stage) const;
  void pin(Sequence& sequence, TimeNs now_ns);
  bool reserve(Sequence& sequence, int positions, int blocks_left);
  void remember(Sequence& sequence);
  void publish();
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
  PrefixCache cache_;
  LabelRound label_round_;
  Pacer pacer_;
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
      cache_(model.kv_pool()),
      label_round_(model, cache_, clock, std::max(kLabelNodes, static_cast<int>(sequences_max_))),
      pacer_({.step_ns = options_.step_time.count(),
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
    Inbox::Mail mail = inbox_.take(scheduler_.idle());
    arrive(mail.submissions);
    if (mail.stop) break;
    end_early(mail.cancelled);
    refuse_what_cannot_fit();
    step();
  }
  while (!sequences_.empty()) {
    finish(sequences_.begin()->second, fail(ErrorCode::kCancelled, "the engine is stopping"),
           clock_.now_ns());
  }
}

void Engine::Impl::arrive(std::span<Inbox::Submission> submissions) {
  const TokenId end_token = options_.end_tokens.empty() ? -1 : options_.end_tokens.front();
  for (Inbox::Submission& submission : submissions) {
    const EngineRequestId id = submission.id;
    const auto [it, added] =
        sequences_.try_emplace(id, std::move(submission), model_, tokenizer_, end_token);
    const Sequence& sequence = it->second;
    scheduler_.add(id, {.known = static_cast<int>(sequence.tokens.size()),
                        .positions_max = static_cast<int>(sequence.positions_max),
                        .brief = !std::holds_alternative<Generation>(sequence.work),
                        .client = sequence.request.client});
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
                  field_too_long(prompt_fits, std::holds_alternative<LabelWalk>(sequence.work))),
             clock_.now_ns());
    }
  }
}

void Engine::Impl::step() {
  const int generating = running_in(Stage::kDecode);
  const int spare_tokens = pacer_.prompt_tokens(generating);
  const int label_nodes = extend_walks(spare_tokens);
  const std::span<const StepItem> plan = scheduler_.plan(std::max(spare_tokens - label_nodes, 1));
  assert(scheduler_.idle() == plan.empty() && "what waits alone was seen to fit");
  if (plan.empty()) return;
  EngineStep stamp;
  stamp.begin_ns = clock_.now_ns();
  stamp.sequences = static_cast<uint32_t>(plan.size());
  items_.clear();
  label_round_.clear();
  for (const StepItem& item : plan) prepare(item, stamp);
  items_.insert(items_.end(), label_round_.items().begin(), label_round_.items().end());
  publish();

  const TimeNs forward_begin_ns = clock_.now_ns();
  model_.forward(items_);
  label_round_.release();
  const TimeNs forward_end_ns = clock_.now_ns();
  stamp.forward_ns = forward_end_ns - forward_begin_ns;
  pacer_.observe(generating, static_cast<int>(stamp.prompt_tokens + label_round_.nodes()),
                 stamp.forward_ns);
  ++totals_.steps;

  draw_tokens(plan);
  for (size_t i = 0; i < plan.size(); ++i) {
    Sequence& sequence = sequences_.at(plan[i].id);
    sequence.count_pass(stamp.forward_ns, plan.size());
    if (sequence.stage() == Stage::kPrefill) remember(sequence);
    if (plan[i].complete) go_on(sequence, i, forward_end_ns);
  }
  stamp.end_ns = clock_.now_ns();
  step_log_.add(stamp);
}

int Engine::Impl::running_in(Stage stage) const {
  return static_cast<int>(std::ranges::count_if(
      sequences_, [stage](const auto& entry) { return entry.second.stage() == stage; }));
}

// Label walks past their root go on in equal parts, with what a step has beside the answers, or
// half of it where prompts want it as well. Returns the nodes that are to be computed.
int Engine::Impl::extend_walks(int tokens) {
  const int walks = running_in(Stage::kScore);
  if (walks == 0) return 0;
  if (running_in(Stage::kPrefill) + scheduler_.waiting() > 0) tokens /= 2;
  const int room = step_tokens(options_, model_) - running_in(Stage::kDecode);
  const int part = std::max(std::min({tokens, room, kLabelNodes}) / walks, 1);
  int nodes = 0;
  for (auto& [id, sequence] : sequences_) {
    if (sequence.stage() != Stage::kScore) continue;
    const auto left = std::get<LabelWalk>(sequence.work).left().size();
    const int count = static_cast<int>(std::min(left, static_cast<size_t>(part)));
    scheduler_.extend(id, sequence.kv.length(), sequence.kv.length() + count);
    nodes += count;
  }
  return nodes;
}

// Takes what the prefix cache knows of the sequence and reserves the rest; all or nothing. At least
// the last token is computed, as its logits are wanted.
std::optional<int> Engine::Impl::admit(EngineRequestId id, int positions, bool to_the_last) {
  Sequence& sequence = sequences_.at(id);
  const auto known = static_cast<int>(sequence.tokens.size());
  const auto shared = cache_.find(sequence.tokens, (known - 1) / kKvBlockTokens);
  const int cached = sequence.kv.share_prefix(shared, known);
  if (!reserve(sequence, positions, to_the_last ? 0 : blocks_kept_)) {
    sequence.kv.clear();
    return std::nullopt;
  }
  if (!sequence.scheduled()) {
    sequence.trace.counters.cached_tokens = static_cast<uint32_t>(cached);
  }
  return cached;
}

bool Engine::Impl::grow(EngineRequestId id, int positions) {
  return reserve(sequences_.at(id), positions, 0);
}

// Unless so many blocks would not be left for others.
bool Engine::Impl::reserve(Sequence& sequence, int positions, int blocks_left) {
  const KvPool& pool = model_.kv_pool();
  const int wanted = KvPool::blocks_for(positions) - static_cast<int>(sequence.kv.blocks().size());
  if (wanted + blocks_left > pool.blocks_free() + pool.blocks_idle()) return false;
  cache_.make_room(wanted);
  [[maybe_unused]] const auto reserved = sequence.kv.reserve(positions);
  assert(reserved && "idle blocks can be freed");
  return true;
}

// What it has computed stays in the cache for as long as nobody else needs the memory. All else of
// it, the state of its sampler above all, stays as it is, so that it goes on bit for bit.
void Engine::Impl::pause(EngineRequestId id) {
  Sequence& sequence = sequences_.at(id);
  remember(sequence);
  sequence.kv.clear();
  // Each pause takes three intervals of the lane; later ones are part of `decode`, so that no time
  // of it goes missing.
  if (++sequence.pauses <= kPausesOnLane) sequence.enter(Stage::kQueue, clock_.now_ns());
  ++totals_.preemptions;
  inbox_.paused(id);
}

void Engine::Impl::prepare(const StepItem& item, EngineStep& step) {
  Sequence& sequence = sequences_.at(item.id);
  if (item.admitted) {
    if (sequence.stage() == Stage::kQueue) sequence.enter(Stage::kPrefill, step.begin_ns);
    step.cached_tokens += static_cast<uint32_t>(item.begin);
    inbox_.admitted(item.id);
    if (!sequence.scheduled()) {
      sequence.trace.counters.scheduled_ns = step.begin_ns;
      totals_.prompt_tokens += sequence.trace.counters.prompt_tokens;
      totals_.cached_tokens += sequence.trace.counters.cached_tokens;
    }
  }
  assert(sequence.kv.length() == item.begin);
  const bool prompt = sequence.stage() == Stage::kPrefill;
  (prompt ? step.prompt_tokens : step.decode_tokens) += static_cast<uint32_t>(item.count);
  auto* walk = std::get_if<LabelWalk>(&sequence.work);
  if (walk != nullptr && !prompt) {
    const auto root = static_cast<int>(sequence.tokens.size());
    items_.push_back(label_round_.add(*walk, sequence.kv, root, item.count));
    return;
  }
  ForwardItem forward{
      .kv = &sequence.kv,
      .tokens = std::span(sequence.tokens)
                    .subspan(static_cast<size_t>(item.begin), static_cast<size_t>(item.count)),
      .logits_at = LogitsAt::kNone,
      .logit_rows = {},
      .logits = {}};
  if (item.complete && !std::holds_alternative<PinJob>(sequence.work)) {
    forward.logits_at = LogitsAt::kLast;
    forward.logits = logits_of(items_.size());
    if (walk != nullptr) {
      forward.logit_rows = walk->rows();
      forward.logits = forward.logits.first(walk->rows().size());
    }
  }
  items_.push_back(forward);
}

// Going over a large vocabulary takes up to a millisecond a token, so all threads help: to draw
// tokens and to score labels.
void Engine::Impl::draw_tokens(std::span<const StepItem> plan) {
  drawn_.assign(plan.size(), 0);
  const size_t readings = plan.size() + label_round_.nodes();
  std::atomic<size_t> next = 0;
  const auto read = [&](int thread) {
    GenerationScratch& scratch = *scratch_[static_cast<size_t>(thread)];
    for (size_t i = next++; i < readings; i = next++) {
      if (i >= plan.size()) {
        scratch.raw_logits.resize(vocab_);
        label_round_.read(i - plan.size(), scratch.raw_logits);
        continue;
      }
      Sequence& sequence = sequences_.at(plan[i].id);
      auto* generation = std::get_if<Generation>(&sequence.work);
      if (!plan[i].complete || generation == nullptr) continue;
      const TimeNs begin_ns = clock_.now_ns();
      drawn_[i] = generation->draw(items_[i].logits, scratch);
      sequence.trace.counters.sample_ns += clock_.now_ns() - begin_ns;
    }
  };
  options_.pool != nullptr&& readings > 1 ? options_.pool->run(read) : read(0);
}

// What follows from the logits behind the last known token, usable since usable_ns.
void Engine::Impl::go_on(Sequence& sequence, size_t item, TimeNs usable_ns) {
  if (std::holds_alternative<PinJob>(sequence.work)) return pin(sequence, usable_ns);
  auto* generation = std::get_if<Generation>(&sequence.work);
  const bool first = sequence.stage() == Stage::kPrefill;
  if (first) sequence.enter(generation ? Stage::kDecode : Stage::kScore, usable_ns);
  if (generation) {
    generate(sequence, *generation, drawn_[item]);
  } else {
    score(sequence, std::get<LabelWalk>(sequence.work),
          first ? items_[item].logits : std::span<const float>{});
  }
}

// Later prompts with the same beginning find it in memory.
void Engine::Impl::remember(Sequence& sequence) {
  if (options_.prefix_cache) cache_.insert(sequence.lasting(), sequence.kv);
}

void Engine::Impl::pin(Sequence& sequence, TimeNs now_ns) {
  if (!cache_.can_pin(sequence.tokens)) {
    return finish(sequence,
                  fail(ErrorCode::kResourceExhausted,
                       "more than half of the KV memory would be taken for good"),
                  now_ns);
  }
  cache_.insert_pinned(sequence.tokens, sequence.kv);
  EngineResult result;
  result.finish_reason = FinishReason::kPinned;
  finish(sequence, std::move(result), now_ns);
}

void Engine::Impl::generate(Sequence& sequence, Generation& generation, TokenId token) {
  const TimeNs drawn_ns = clock_.now_ns();
  ++totals_.completion_tokens;

  const auto reason = generation.append(token, options_.end_tokens);
  const Generation::Piece piece = generation.next_piece();
  const bool heard = piece.empty() || call(sequence.request.on_text, piece.text, piece.tokens);
  const TimeNs out_ns = clock_.now_ns();
  sequence.trace.counters.detokenize_ns += out_ns - drawn_ns;
  sequence.count_token(out_ns);

  if (!heard) {
    finish(sequence, fail(ErrorCode::kInternal, "the request's on_text threw"), out_ns);
  } else if (reason) {
    finish(sequence, generation.take_result(*reason), out_ns);
  } else {
    sequence.tokens.push_back(token);
    scheduler_.extend(sequence.id, sequence.kv.length(), static_cast<int>(sequence.tokens.size()));
  }
}

// `root_logits`: empty once the root is behind it.
void Engine::Impl::score(Sequence& sequence, LabelWalk& walk, std::span<const float> root_logits) {
  const TimeNs begin_ns = clock_.now_ns();
  if (!root_logits.empty()) walk.score_root(root_logits);
  std::vector<float> probabilities;
  if (walk.left().empty()) probabilities = walk.probabilities();
  const TimeNs end_ns = clock_.now_ns();
  sequence.trace.counters.sample_ns += label_round_.reading_ns(walk) + end_ns - begin_ns;
  if (!walk.left().empty()) return;  // extend_walks() goes on
  finish(sequence,
         EngineResult{.finish_reason = FinishReason::kScored,
                      .text = {},
                      .tokens = {},
                      .label_probabilities = std::move(probabilities)},
         end_ns);
}

// Destroys the sequence: all it held is free before the client hears of it.
void Engine::Impl::finish(Sequence& sequence, Result<EngineResult> result, TimeNs now_ns) {
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
  inbox_.finished(id);
  call(on_done, std::move(result), trace);
}

void Engine::Impl::publish() {
  const KvPool& pool = model_.kv_pool();
  totals_.kv_blocks_total = pool.blocks_total();
  totals_.kv_blocks_cached = pool.blocks_idle();
  totals_.kv_blocks_pinned = cache_.pinned();
  totals_.kv_blocks_used =
      pool.blocks_total() - pool.blocks_free() - pool.blocks_idle() - cache_.pinned();
  inbox_.publish(totals_);
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

bool Engine::drain(std::chrono::nanoseconds patience) {
  impl_->inbox_.close();
  if (impl_->inbox_.wait_until_idle(patience)) return true;
  impl_->inbox_.cancel_all();
  while (!impl_->inbox_.wait_until_idle(std::chrono::hours(1))) {
  }
  return false;
}

int Engine::positions_max() const { return impl_->limits_.positions_max; }

int Engine::positions_free() const {
  const Load now = load();
  return std::min(positions_max(), (now.kv_blocks_total - now.kv_blocks_pinned) * kKvBlockTokens);
}

Engine::Load Engine::load() const { return impl_->inbox_.load(); }

const StepLog& Engine::steps() const { return impl_->step_log_; }

}  // namespace qaio
