#include "engine/scheduler.h"

#include <algorithm>
#include <cassert>

namespace qaio {

namespace {

// Smaller parts of a prompt than this cost a step nearly as much.
constexpr int kShareMin = 16;

}  // namespace

Scheduler::Scheduler(Limits limits) : limits_(limits) {
  assert(limits.step_tokens >= 1 && limits.sequences_max >= 1);
  // Every admitted sequence must get a token in every step.
  limits_.sequences_max = std::min(limits.sequences_max, limits.step_tokens);
  running_.reserve(static_cast<size_t>(limits_.sequences_max));
  step_.reserve(static_cast<size_t>(limits_.sequences_max));
}

void Scheduler::add(EngineRequestId id, int known) {
  assert(known >= 1);
  waiting_.push_back({.id = id, .known = known});
}

int Scheduler::generating() const {
  return static_cast<int>(std::ranges::count_if(running_, &Sequence::extended));
}

std::span<const StepItem> Scheduler::plan(int prompt_tokens, const Admit& admit) {
  int budget = limits_.step_tokens;
  for (Sequence& sequence : running_) {
    const int wanted = sequence.extended ? sequence.known - sequence.computed : 0;
    sequence.planned = std::min(wanted, budget);
    budget -= sequence.planned;
  }
  prompt_tokens = std::min(prompt_tokens, budget);
  admit_waiting(prompt_tokens, admit);
  share_among_prompts(prompt_tokens);

  step_.clear();
  for (Sequence& sequence : running_) {
    const int count = sequence.planned;
    if (count == 0) continue;
    step_.push_back({.id = sequence.id,
                     .begin = sequence.computed,
                     .count = count,
                     .admitted = !sequence.admitted,
                     .complete = sequence.computed + count == sequence.known});
    sequence.computed += count;
    sequence.admitted = true;
  }
  return step_;
}

// As long as the next one would get a part worth having.
void Scheduler::admit_waiting(int prompt_tokens, const Admit& admit) {
  int claimed = 0;
  for (const Sequence& sequence : running_) claimed += claim_of(sequence);
  while (!waiting_.empty() && running() < limits_.sequences_max && claimed < prompt_tokens) {
    const std::optional<int> computed = admit(waiting_.front().id);
    if (!computed) return;
    assert(*computed >= 0 && *computed < waiting_.front().known);
    running_.push_back(waiting_.front());
    running_.back().computed = *computed;
    waiting_.pop_front();
    claimed += claim_of(running_.back());
  }
}

// The least that a prompt is to get of a step.
int Scheduler::claim_of(const Sequence& sequence) {
  return sequence.extended ? 0 : std::min(sequence.known - sequence.computed, kShareMin);
}

void Scheduler::share_among_prompts(int prompt_tokens) {
  const int prompts = running() - generating();
  if (prompts == 0) return;
  // First everybody's part, then what others left of theirs.
  for (const int part : {std::max(prompt_tokens / prompts, kShareMin), prompt_tokens}) {
    for (Sequence& sequence : running_) {
      if (sequence.extended) continue;
      const int missing = sequence.known - sequence.computed - sequence.planned;
      const int count = std::min({missing, part, prompt_tokens});
      sequence.planned += count;
      prompt_tokens -= count;
    }
  }
}

void Scheduler::extend(EngineRequestId id, int computed, int known) {
  const auto it = std::ranges::find(running_, id, &Sequence::id);
  assert(it != running_.end() && it->computed == it->known);
  assert(computed >= 0 && computed <= it->computed && known > computed);
  it->computed = computed;
  it->known = known;
  it->extended = true;
}

void Scheduler::remove(EngineRequestId id) {
  if (std::erase_if(running_, [id](const Sequence& s) { return s.id == id; }) == 0) {
    std::erase_if(waiting_, [id](const Sequence& s) { return s.id == id; });
  }
}

}  // namespace qaio
