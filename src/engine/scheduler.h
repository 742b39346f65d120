// Plans the engine's steps as plain data. Knows no model, no clock and no text: only how many
// positions each sequence has known and computed.
//
// Policy: sequences past their prompt go first, all of them in one forward pass. Prompts share what
// the step has for them in equal parts, so that a short one need not wait for a long one; what is
// left of a part goes to those that arrived first. A waiting sequence is admitted only when all the
// memory it will ever need can be had, so that nothing fails midway, and never before one that
// arrived earlier, so that nothing starves.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
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
  bool admitted = false;  // the sequence's first range: its blocks are to be reserved now
  bool complete = false;  // the range ends with the last known token: its logits are wanted

  bool operator==(const StepItem&) const = default;
};

// Not thread-safe.
class Scheduler {
 public:
  struct Limits {
    int step_tokens = 512;   // positions computed in one step, at least 1
    int sequences_max = 16;  // admitted at the same time; more than step_tokens are never used
  };
  explicit Scheduler(Limits limits);

  // Reserves all the memory the sequence will ever need; returns how many of its positions, fewer
  // than known, are in memory already. Absent: it does not fit now.
  using Admit = std::function<std::optional<int>(EngineRequestId)>;

  // A new sequence at the end of the queue; `known` >= 1 tokens are there from the start. Ids are
  // unique.
  void add(EngineRequestId id, int known);

  // The next step, with at most `prompt_tokens` >= 1 positions of prompts; its ranges count as
  // computed from here on. Empty only if nothing can be computed. Valid until the next call.
  std::span<const StepItem> plan(int prompt_tokens, const Admit& admit);

  // After a complete range: the sequence goes on with positions [computed, known), of which the
  // earlier ones stay computed (fewer than before where a sequence backs up to try another way).
  void extend(EngineRequestId id, int computed, int known);

  // Finished or given up, waiting or admitted. The caller frees its blocks. Unknown ids are
  // ignored.
  void remove(EngineRequestId id);

  int waiting() const { return static_cast<int>(waiting_.size()); }
  int running() const { return static_cast<int>(running_.size()); }
  int generating() const;  // past their prompt
  bool idle() const { return waiting_.empty() && running_.empty(); }

 private:
  struct Sequence {
    EngineRequestId id;
    int known;
    int computed = 0;
    bool admitted = false;  // has had its first range
    bool extended = false;  // past its prompt
    int planned = 0;        // positions in the step being planned
  };
  void admit_waiting(int prompt_tokens, const Admit& admit);
  static int claim_of(const Sequence& sequence);
  void share_among_prompts(int prompt_tokens);

  Limits limits_;
  std::deque<Sequence> waiting_;   // in order of arrival
  std::vector<Sequence> running_;  // in order of arrival
  std::vector<StepItem> step_;
};

}  // namespace qaio
