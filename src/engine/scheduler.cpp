#include "engine/scheduler.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <tuple>
#include <utility>

namespace qaio {

namespace {

// Smaller parts of a prompt than this cost a step nearly as much.
constexpr int kShareMin = 16;

// Looking for memory takes a walk through the cache for each that is tried.
constexpr int kTriesMax = 8;

}  // namespace

Scheduler::Scheduler(Limits limits, SequenceMemory& memory) : limits_(limits), memory_(memory) {
  assert(limits.step_tokens >= 1 && limits.sequences_max >= 1);
  // Every admitted sequence must get a token in every step.
  limits_.sequences_max = std::min(limits.sequences_max, limits.step_tokens);
  running_.reserve(static_cast<size_t>(limits_.sequences_max));
  step_.reserve(static_cast<size_t>(limits_.sequences_max));
}

void Scheduler::add(EngineRequestId id, const SequenceNeed& need) {
  assert(need.known >= 1 && need.positions_max >= need.known);
  waiting_.push_back({.id = id, .need = need, .arrival = arrivals_++});
}

int Scheduler::generating() const {
  return static_cast<int>(std::ranges::count_if(running_, &Sequence::extended));
}

std::span<const StepItem> Scheduler::plan(int prompt_tokens) {
  for (Sequence& sequence : waiting_) sequence.tried = false;
  grow_running();
  int budget = limits_.step_tokens;
  for (Sequence& sequence : running_) {
    const int wanted = sequence.extended ? sequence.need.known - sequence.computed : 0;
    sequence.planned = std::min(wanted, budget);
    budget -= sequence.planned;
  }
  prompt_tokens = std::min(prompt_tokens, budget);
  admit_waiting(prompt_tokens);
  share_among_prompts(prompt_tokens);

  step_.clear();
  for (Sequence& sequence : running_) {
    const int count = sequence.planned;
    if (count == 0) continue;
    step_.push_back({.id = sequence.id,
                     .begin = sequence.computed,
                     .count = count,
                     .admitted = !sequence.admitted,
                     .complete = sequence.computed + count == sequence.need.known});
    sequence.computed += count;
    sequence.admitted = true;
  }
  return step_;
}

// What it knows and a turn of new tokens, or all that it will ever need.
int Scheduler::Sequence::wanted_positions() const {
  if (need.brief) return need.positions_max;
  return std::min(need.positions_max, need.known + turn());
}

// The oldest first: it is never paused for another's sake while it grows.
void Scheduler::grow_running() {
  for (size_t i = 0; i < running_.size();) {
    const Sequence& sequence = running_[i];
    const bool enough = sequence.need.brief || sequence.need.known <= sequence.reserved;
    if (enough || grow(i)) ++i;
  }
}

// False: the sequence itself was paused.
bool Scheduler::grow(size_t index) {
  Sequence& sequence = running_[index];
  for (;;) {
    // Rather a short turn than somebody's pause.
    for (const int positions : {sequence.wanted_positions(), sequence.need.known}) {
      if (!memory_.grow(sequence.id, positions)) continue;
      sequence.reserved = positions;
      return true;
    }
    size_t youngest = running_.size() - 1;
    while (youngest > index && !running_[youngest].may_pause()) --youngest;
    pause(youngest);
    if (youngest == index) return false;
  }
}

void Scheduler::pause(size_t index) {
  const auto place = running_.begin() + static_cast<ptrdiff_t>(index);
  assert(place->may_pause());
  memory_.pause(place->id);
  Sequence paused = *place;
  running_.erase(place);
  paused.computed = paused.reserved = paused.turn_tokens = paused.planned = 0;
  paused.admitted = paused.extended = false;
  paused.tried = true;  // not again in this step
  ++paused.pauses;
  waiting_.insert(std::ranges::upper_bound(waiting_, paused.arrival, {}, &Sequence::arrival),
                  paused);
}

// Pauses one that has had its turn, of the client that has most. False: there is none, or the
// newcomer has no right to it.
bool Scheduler::pause_for(const Sequence& newcomer) {
  const bool privileged = newcomer.need.brief || newcomer.due();
  const int own = running_of(newcomer.need.client);
  std::optional<size_t> chosen;
  int most = 0;
  for (size_t i = 0; i < running_.size(); ++i) {
    const Sequence& sequence = running_[i];
    if (!sequence.may_pause() || sequence.turn_tokens < sequence.turn()) continue;
    const int of_client = running_of(sequence.need.client);
    if (!privileged && of_client <= own + 1) continue;
    if (of_client < most) continue;
    most = of_client;
    chosen = i;  // of equals the youngest
  }
  if (!chosen) return false;
  pause(*chosen);
  return true;
}

// As long as the next one would get a part worth having.
void Scheduler::admit_waiting(int prompt_tokens) {
  int claimed = 0;
  for (const Sequence& sequence : running_) claimed += claim_of(sequence);
  for (int tries = 0; claimed < prompt_tokens && tries < kTriesMax;) {
    const auto next = next_waiting();
    if (next == waiting_.end()) return;
    Sequence sequence = *next;
    waiting_.erase(next);  // pausing others moves those that wait
    const std::optional<int> computed = reserve(sequence);
    if (!computed) {
      ++tries;
      sequence.tried = true;
    } else {
      assert(*computed >= 0 && *computed < sequence.need.known);
      count_passed(sequence);
      sequence.computed = *computed;
      sequence.reserved = sequence.wanted_positions();
      sequence.passed = 0;
      claimed += claim_of(sequence);
    }
    Sequences& home = computed ? running_ : waiting_;
    home.insert(std::ranges::upper_bound(home, sequence.arrival, {}, &Sequence::arrival), sequence);
  }
}

Scheduler::Sequences::iterator Scheduler::next_waiting() {
  const auto due = std::ranges::find_if(waiting_, &Sequence::due);
  if (due != waiting_.end()) return due->tried ? waiting_.end() : due;
  auto best = waiting_.end();
  std::tuple<bool, int> best_rank;
  for (auto it = waiting_.begin(); it != waiting_.end(); ++it) {
    if (it->tried) continue;
    const std::tuple rank(!it->need.brief, running_of(it->need.client));
    if (best != waiting_.end() && rank >= best_rank) continue;  // of equals the earlier
    best = it;
    best_rank = rank;
  }
  return best;
}

std::optional<int> Scheduler::reserve(const Sequence& sequence) {
  const int positions = sequence.wanted_positions();
  do {
    const bool place = running() < limits_.sequences_max;
    const bool to_the_last = running_.empty() || sequence.need.brief || sequence.due();
    const auto computed = place ? memory_.admit(sequence.id, positions, to_the_last) : std::nullopt;
    if (computed) return computed;
  } while (pause_for(sequence));
  return std::nullopt;
}

// Those that were passed because they do not fit, or are not short. A client's share is no reason
// to complain.
void Scheduler::count_passed(const Sequence& admitted) {
  const int running = running_of(admitted.need.client);
  for (Sequence& sequence : waiting_) {
    if (sequence.arrival > admitted.arrival) break;
    const bool longer =
        admitted.need.brief && !sequence.need.brief && running_of(sequence.need.client) <= running;
    if (sequence.tried || longer) ++sequence.passed;
  }
}

int Scheduler::running_of(uint64_t client) const {
  return static_cast<int>(std::ranges::count(
      running_, client, [](const Sequence& sequence) { return sequence.need.client; }));
}

// The least that a prompt is to get of a step.
int Scheduler::claim_of(const Sequence& sequence) {
  return sequence.extended ? 0 : std::min(sequence.need.known - sequence.computed, kShareMin);
}

void Scheduler::share_among_prompts(int prompt_tokens) {
  const int prompts = running() - generating();
  if (prompts == 0) return;
  // First everybody's part, then what others left of theirs.
  for (const int part : {std::max(prompt_tokens / prompts, kShareMin), prompt_tokens}) {
    for (Sequence& sequence : running_) {
      if (sequence.extended) continue;
      const int missing = sequence.need.known - sequence.computed - sequence.planned;
      const int count = std::min({missing, part, prompt_tokens});
      sequence.planned += count;
      prompt_tokens -= count;
    }
  }
}

void Scheduler::extend(EngineRequestId id, int computed, int known) {
  const auto it = std::ranges::find(running_, id, &Sequence::id);
  assert(it != running_.end() && it->computed == it->need.known);
  assert(computed >= 0 && computed <= it->computed && known > computed);
  it->computed = computed;
  it->need.known = known;
  it->extended = true;
  ++it->turn_tokens;
}

void Scheduler::remove(EngineRequestId id) {
  if (std::erase_if(running_, [id](const Sequence& s) { return s.id == id; }) == 0) {
    std::erase_if(waiting_, [id](const Sequence& s) { return s.id == id; });
  }
}

bool Scheduler::waits(EngineRequestId id) const {
  return std::ranges::find(waiting_, id, &Sequence::id) != waiting_.end();
}

}  // namespace qaio
