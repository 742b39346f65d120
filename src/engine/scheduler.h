// Plans the engine's steps as plain data. Knows no model, no clock and no text: only how many
// positions each sequence has known and computed, and whether memory for them can be had.
//
// Policy. Sequences past their prompt go first, all of them in one forward pass. Prompts share what
// the step has for them in equal parts, so that a short one need not wait for a long one; what is
// left of a part goes to those that arrived first.
//
// Memory is reserved for the prompt and a turn of new tokens, and for another turn when that is
// used up. When there is none left, the youngest sequence is paused: it gives up its memory and
// waits to compute again what is lost. Nothing fails midway, and everything ends: a sequence alone
// fits, the oldest is paused for nobody's growth, and whoever is admitted has the memory of a whole
// turn, which is longer after each pause.
//
// Who is admitted next: short work (a classification, whose need is known and soon over), then the
// client with the fewest running sequences, then who arrived first. One that does not fit now may
// be passed by those that do, kPassedMax times; then nobody is admitted before it. For short work,
// for one that was passed so often, and for a client with fewer sequences than another, a sequence
// that has had its turn is paused.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/request.h"

namespace qaio {

// A range of one sequence's positions to compute in a step.
struct StepItem {
  EngineRequestId id = 0;
  int begin = 0;          // first position; of an admitted one: the positions found in the cache
  int count = 0;          // positions, at least one
  bool admitted = false;  // the sequence's first range since it waited
  bool complete = false;  // the range ends with the last known token: its logits are wanted

  bool operator==(const StepItem&) const = default;
};

// What is told of a sequence when it arrives.
struct SequenceNeed {
  int known = 1;          // tokens that are there from the start, at least 1
  int positions_max = 1;  // positions that it will ever have, at least `known`
  bool brief = false;     // its memory is all reserved at admission, and soon free: never paused
  uint64_t client = 0;    // whose it is
};

// Where the sequences' memory comes from.
class SequenceMemory {
 public:
  virtual ~SequenceMemory() = default;
  // Reserves memory for `positions` positions of a sequence without any; returns how many of its
  // known ones, fewer than all, are there already. Absent: it does not fit now. Without
  // `to_the_last` some memory must be left for short work.
  virtual std::optional<int> admit(EngineRequestId id, int positions, bool to_the_last) = 0;
  // Makes its memory hold `positions` positions; false: it does not fit now.
  virtual bool grow(EngineRequestId id, int positions) = 0;
  // It gives up its memory and waits.
  virtual void pause(EngineRequestId id) = 0;
};

// Not thread-safe.
class Scheduler {
 public:
  struct Limits {
    int step_tokens = 512;   // positions computed in one step, at least 1
    int sequences_max = 16;  // admitted at the same time; more than step_tokens are never used
  };
  static constexpr int kTurnTokens = 64;    // of a sequence that was never paused
  static constexpr int kTurnDoublings = 6;  // at most; one with each pause
  static constexpr int kPassedMax = 32;

  // `memory` outlives it.
  Scheduler(Limits limits, SequenceMemory& memory);

  // A new sequence. Ids are unique.
  void add(EngineRequestId id, const SequenceNeed& need);

  // The next step, with at most `prompt_tokens` >= 1 positions of prompts; its ranges count as
  // computed from here on. Empty only if nothing can be computed. Valid until the next call.
  std::span<const StepItem> plan(int prompt_tokens);

  // After a complete range: the sequence goes on with positions [computed, known), of which the
  // earlier ones stay computed (fewer than before where a sequence backs up to try another way).
  void extend(EngineRequestId id, int computed, int known);

  // Finished or given up, waiting or admitted. The caller frees its memory. Unknown ids are
  // ignored.
  void remove(EngineRequestId id);

  // Whether it was added, is not removed, and has no memory.
  bool waits(EngineRequestId id) const;

  int waiting() const { return static_cast<int>(waiting_.size()); }
  int running() const { return static_cast<int>(running_.size()); }
  int generating() const;  // past their prompt
  bool idle() const { return waiting_.empty() && running_.empty(); }

 private:
  struct Sequence {
    EngineRequestId id;
    SequenceNeed need;  // `known` as it is now
    uint64_t arrival;   // ascending
    int computed = 0;
    int reserved = 0;  // positions that it has memory for
    int pauses = 0;
    int turn_tokens = 0;    // since it was admitted
    int passed = 0;         // times that another was admitted before it
    bool admitted = false;  // has had its first range since it waited
    bool extended = false;  // past its prompt
    bool tried = false;     // in the step being planned: it does not fit
    int planned = 0;        // positions in the step being planned

    int turn() const { return kTurnTokens << std::min(pauses, kTurnDoublings); }
    bool due() const { return passed >= kPassedMax; }
    bool may_pause() const { return extended && !need.brief; }
    int wanted_positions() const;
  };
  using Sequences = std::vector<Sequence>;

  void grow_running();
  bool grow(size_t index);
  void pause(size_t index);
  bool pause_for(const Sequence& newcomer);
  void admit_waiting(int prompt_tokens);
  Sequences::iterator next_waiting();
  std::optional<int> reserve(const Sequence& sequence);
  void count_passed(const Sequence& admitted);
  int running_of(uint64_t client) const;
  static int claim_of(const Sequence& sequence);
  void share_among_prompts(int prompt_tokens);

  Limits limits_;
  SequenceMemory& memory_;
  Sequences waiting_;  // in order of arrival, paused ones among them
  Sequences running_;  // likewise
  std::vector<StepItem> step_;
  uint64_t arrivals_ = 0;
};

}  // namespace qaio
