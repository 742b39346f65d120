// The engine's steps: plan, prepare, compute, draw or score, go on.
#include <algorithm>
#include <atomic>
#include <cassert>

#include "base/finite.h"
#include "engine/engine_impl.h"
#include "model/damaged_logits.h"

namespace qaio {
namespace {

constexpr int kPausesOnLane = 5;

// Instead of a token.
constexpr TokenId kNotDrawn = -1;   // out of memory
constexpr TokenId kNotFinite = -2;  // logits of which no token may be drawn

}  // namespace

void Engine::Impl::step() {
  const int generating = running_in(Stage::kDecode);
  const int spare_tokens = step_budget_.prompt_tokens(generating);
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
  step_budget_.observe(generating, static_cast<int>(stamp.prompt_tokens + label_round_.nodes()),
                       stamp.forward_ns);
  ++totals_.steps;

  draw_tokens(plan);
  for (size_t i = 0; i < plan.size(); ++i) {
    Sequence& sequence = sequences_.at(plan[i].id);
    sequence.count_pass(stamp.forward_ns, plan.size());
    if (sequence.stage() == Stage::kPrefill) remember(sequence);
    if (!plan[i].complete) continue;
    try {
      go_on(sequence, i, forward_end_ns);
    } catch (const std::bad_alloc&) {  // of this sequence alone: it is still there
      finish(sequence, fail(ErrorCode::kResourceExhausted, kOutOfMemory), clock_.now_ns());
    }
  }
  stamp.end_ns = clock_.now_ns();
  step_log_.add(stamp);
}

int Engine::Impl::running_in(Stage stage) const {
  return static_cast<int>(std::ranges::count_if(
      sequences_, [stage](const auto& entry) { return entry.second.stage() == stage; }));
}

// Walks past their root go on in equal parts, with what a step has beside the answers, or half of
// it where prompts want it as well. Returns the nodes that are to be computed.
int Engine::Impl::extend_walks(int tokens) {
  const int walks = running_in(Stage::kScore);
  if (walks == 0) return 0;
  if (running_in(Stage::kPrefill) + scheduler_.waiting() > 0) tokens /= 2;
  const int room = step_tokens(options_, model_) - running_in(Stage::kDecode);
  const int part = std::max(std::min(tokens, room) / walks, 1);
  const int full = std::max(kFullReadings / walks, 1);
  int nodes = 0;
  for (auto& [id, sequence] : sequences_) {
    if (sequence.stage() != Stage::kScore) continue;
    const int count = LabelRound::fitting(std::get<QuestionWalk>(sequence.work), sequence.states,
                                          model_.kv_pool().recurrent(), part, full);
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
  const PrefixCache::Found found = cache_.find(sequence.tokens, (known - 1) / kKvBlockTokens);
  const int cached = sequence.kv.share_prefix(found.blocks, known, found.state);
  if (!reserve(sequence, positions, to_the_last ? 0 : blocks_kept_)) {
    sequence.release_memory();
    return std::nullopt;
  }
  // A pinned prompt is only ever gone on from, so that its last block counts as well.
  const int prompt = known + (std::holds_alternative<PinJob>(sequence.work) ? 1 : 0);
  if (options_.prefix_cache) sequence.saves.plan(cached, found.known * kKvBlockTokens, prompt);
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
  if (!take_states(sequence)) return false;
  cache_.make_room(wanted);
  [[maybe_unused]] const auto reserved = sequence.kv.reserve(positions);
  assert(reserved && "idle blocks can be freed");
  return true;
}

// Of models with recurrent layers: all that it needs until its end, or none.
bool Engine::Impl::take_states(Sequence& sequence) {
  const bool has = sequence.kv.state() != kNoState;
  if (!model_.kv_pool().recurrent() || has) return true;
  const int needed = sequence.states_needed();
  if (needed > cache_.states_to_take()) return false;
  sequence.kv.use_state(*cache_.take_state());
  if (needed > 1) {
    const StateId here = *cache_.take_state();
    sequence.states.take(here, *cache_.take_state());
  }
  return true;
}

// What it has computed stays in the cache for as long as nobody else needs the memory. All else of
// it, the state of its sampler above all, stays as it is, so that it goes on bit for bit.
void Engine::Impl::pause(EngineRequestId id) {
  Sequence& sequence = sequences_.at(id);
  remember(sequence);
  sequence.release_memory();
  // Each pause takes three intervals of the lane; later ones are part of `decode`, so that no time
  // of it goes missing.
  if (++sequence.pauses <= kPausesOnLane) sequence.enter(Stage::kQueue, clock_.now_ns());
  ++totals_.preemptions;
  submissions_.paused(id);
}

void Engine::Impl::prepare(const StepItem& item, EngineStep& step) {
  Sequence& sequence = sequences_.at(item.id);
  if (item.admitted) {
    if (sequence.stage() == Stage::kQueue) sequence.enter(Stage::kPrefill, step.begin_ns);
    step.cached_tokens += static_cast<uint32_t>(item.begin);
    submissions_.admitted(item.id);
    if (!sequence.scheduled()) {
      sequence.trace.counters.scheduled_ns = step.begin_ns;
      totals_.prompt_tokens += sequence.trace.counters.prompt_tokens;
      totals_.cached_tokens += sequence.trace.counters.cached_tokens;
    }
  }
  assert(sequence.kv.length() == item.begin);
  const bool prompt = sequence.stage() == Stage::kPrefill;
  (prompt ? step.prompt_tokens : step.decode_tokens) += static_cast<uint32_t>(item.count);
  auto* walk = std::get_if<QuestionWalk>(&sequence.work);
  if (walk != nullptr && !prompt) {
    const auto root = static_cast<int>(sequence.tokens.size());
    items_.push_back(label_round_.add(*walk, sequence.kv, sequence.states, root, item.count));
    return;
  }
  ForwardItem forward{
      .kv = &sequence.kv,
      .tokens = std::span(sequence.tokens)
                    .subspan(static_cast<size_t>(item.begin), static_cast<size_t>(item.count)),
      .logits_at = LogitsAt::kNone,
      .logit_rows = {},
      .logits = {},
      .saves = options_.prefix_cache
                   ? sequence.saves.within(item.begin, item.begin + item.count, cache_)
                   : std::span<const StateSave>{}};
  const LabelWalk* labels = walk != nullptr ? walk->at_root() : nullptr;
  if (item.complete && (labels != nullptr || std::holds_alternative<Generation>(sequence.work))) {
    forward.logits_at = LogitsAt::kLast;
    forward.logits = logits_of(items_.size());
    if (labels != nullptr && !labels->mass()) {
      forward.logit_rows = labels->rows();
      forward.logits = forward.logits.first(labels->rows().size());
    }
  }
  items_.push_back(forward);
}

// Going over a large vocabulary takes up to a millisecond a token, so all threads help: to draw
// tokens and to score labels.
void Engine::Impl::draw_tokens(std::span<const StepItem> plan) {
  drawn_.assign(plan.size(), kNotDrawn);
  const size_t readings = plan.size() + label_round_.readings();
  std::atomic<size_t> next = 0;
  std::atomic<bool> labels_read = true;
  const auto read = [&](int thread) {
    GenerationScratch& scratch = *scratch_[static_cast<size_t>(thread)];
    for (size_t i = next++; i < readings; i = next++) {
      try {  // what a thread of the pool throws nobody catches
        if (i < plan.size()) {
          draw_token(plan[i], i, scratch);
        } else {
          scratch.raw_logits.resize(vocab_);
          label_round_.read(i - plan.size(), scratch.raw_logits);
        }
      } catch (const std::bad_alloc&) {  // a token stays undrawn
        if (i >= plan.size()) labels_read = false;
      }
    }
  };
  options_.pool != nullptr&& readings > 1 ? options_.pool->run(read) : read(0);
  if (!labels_read) throw std::bad_alloc();
}

void Engine::Impl::draw_token(const StepItem& item, size_t i, GenerationScratch& scratch) {
  Sequence& sequence = sequences_.at(item.id);
  auto* generation = std::get_if<Generation>(&sequence.work);
  if (!item.complete || generation == nullptr) return;
  const TimeNs begin_ns = clock_.now_ns();
  drawn_[i] =
      all_finite(items_[i].logits) ? generation->draw(items_[i].logits, scratch) : kNotFinite;
  sequence.trace.counters.sample_ns += clock_.now_ns() - begin_ns;
}

// What follows from the logits behind the last known token, usable since usable_ns. Throws
// std::bad_alloc only while the sequence is still there.
void Engine::Impl::go_on(Sequence& sequence, size_t item, TimeNs usable_ns) {
  if (std::holds_alternative<PinJob>(sequence.work)) return pin(sequence, usable_ns);
  auto* generation = std::get_if<Generation>(&sequence.work);
  const bool first = sequence.stage() == Stage::kPrefill;
  if (first) sequence.enter(generation ? Stage::kDecode : Stage::kScore, usable_ns);
  if (generation) {
    if (drawn_[item] == kNotDrawn) throw std::bad_alloc();
    if (drawn_[item] == kNotFinite)
      return finish(sequence, fail(ErrorCode::kCorrupt, kDamagedLogits), clock_.now_ns());
    generate(sequence, *generation, drawn_[item]);
  } else {
    score(sequence, std::get<QuestionWalk>(sequence.work),
          first ? items_[item].logits : std::span<const float>{});
  }
}

// Later prompts with the same beginning find it in memory, if there is some to note it down.
void Engine::Impl::remember(Sequence& sequence) noexcept {
  try {
    if (!options_.prefix_cache) return;
    cache_.insert(sequence.lasting(), sequence.kv);
    sequence.saves.hand_over(sequence.lasting(), cache_);
  } catch (const std::bad_alloc&) {
  }
}

void Engine::Impl::pin(Sequence& sequence, TimeNs now_ns) {
  if (!cache_.can_pin(sequence.tokens)) {
    return finish(sequence,
                  fail(ErrorCode::kResourceExhausted,
                       "more than half of the KV memory would be taken for good"),
                  now_ns);
  }
  cache_.insert_pinned(sequence.tokens, sequence.kv);
  sequence.saves.hand_over(sequence.lasting(), cache_);
  cache_.pin_state(sequence.tokens);
  EngineResult result;
  result.finish_reason = FinishReason::kPinned;
  finish(sequence, std::move(result), now_ns);
}

// False: on_text threw, which it must not, but which must not take the engine down.
bool Engine::Impl::hears(const Sequence& sequence, const Generation::Piece& piece) {
  try {
    if (sequence.request.on_text) sequence.request.on_text(piece.text, piece.tokens);
    return true;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {
    return false;
  }
}

void Engine::Impl::generate(Sequence& sequence, Generation& generation, TokenId token) {
  const TimeNs drawn_ns = clock_.now_ns();
  ++totals_.completion_tokens;

  const auto reason = generation.append(token, options_.end_tokens);
  const Generation::Piece piece = generation.next_piece();
  const bool heard = piece.empty() || hears(sequence, piece);
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
void Engine::Impl::score(Sequence& sequence, QuestionWalk& walk,
                         std::span<const float> root_logits) {
  const TimeNs begin_ns = clock_.now_ns();
  if (!root_logits.empty()) {
    std::vector<float>& scratch = scratch_.front()->raw_logits;
    scratch.resize(vocab_);
    label_round_.read_root(*walk.at_root(), root_logits, scratch);
  }
  std::optional<std::vector<LabelScores>> scores;
  if (walk.left().empty()) scores = walk.scores();
  const TimeNs end_ns = clock_.now_ns();
  sequence.trace.counters.sample_ns += label_round_.reading_ns(walk) + end_ns - begin_ns;
  if (!walk.left().empty()) return;  // extend_walks() goes on
  if (!scores) return finish(sequence, fail(ErrorCode::kCorrupt, kDamagedLogits), end_ns);
  sequence.count_questions(walk);
  finish(sequence,
         EngineResult{.finish_reason = FinishReason::kScored,
                      .text = {},
                      .tokens = {},
                      .label_scores = std::move(*scores)},
         end_ns);
}

}  // namespace qaio
