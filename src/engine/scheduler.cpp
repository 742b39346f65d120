#include "engine/scheduler.h"

#include <algorithm>
#include <cassert>

namespace qaio {

Scheduler::Scheduler(Limits limits) : limits_(limits) {
  assert(limits.step_tokens >= 1 && limits.sequences_max >= 1);
  // Every admitted sequence must get a token in every step.
  limits_.sequences_max = std::min(limits.sequences_max, limits.step_tokens);
  running_.reserve(static_cast<size_t>(limits_.sequences_max));
  step_.reserve(static_cast<size_t>(limits_.sequences_max));
}

void Scheduler::add(EngineRequestId id, int known, int blocks) {
  assert(known >= 1 && blocks >= 1);
  waiting_.push_back({.id = id, .known = known, .blocks = blocks});
}

std::span<const StepItem> Scheduler::plan(int blocks_free) {
  step_.clear();
  budget_ = limits_.step_tokens;
  for (Sequence& sequence : running_) {
    if (sequence.extended) schedule(sequence, false);
  }
  for (Sequence& sequence : running_) {
    if (!sequence.extended) schedule(sequence, false);
  }
  while (budget_ > 0 && !waiting_.empty() && running() < limits_.sequences_max &&
         waiting_.front().blocks <= blocks_free) {
    blocks_free -= waiting_.front().blocks;
    running_.push_back(waiting_.front());
    waiting_.pop_front();
    schedule(running_.back(), true);
  }
  return step_;
}

void Scheduler::schedule(Sequence& sequence, bool admitted) {
  const int count = std::min(sequence.known - sequence.computed, budget_);
  if (count == 0) return;
  step_.push_back({.id = sequence.id,
                   .begin = sequence.computed,
                   .count = count,
                   .admitted = admitted,
                   .complete = sequence.computed + count == sequence.known});
  sequence.computed += count;
  budget_ -= count;
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
