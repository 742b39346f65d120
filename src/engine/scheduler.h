// Plans the engine's steps as plain data. Knows no model, no clock and no text: only how many
// positions each sequence has known and computed, and how many blocks of KV memory it needs.
//
// Policy: sequences past their prompt go first, one forward pass for all of them; what is left of
// the step's token budget goes to prompts in order of arrival, cut into chunks where they do not
// fit. A waiting sequence is admitted only when its whole need of blocks is free, so that nothing
// fails midway, and never before one that arrived earlier, so that nothing starves.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "engine/request.h"

namespace qaio {

// A range of one sequence's positions to compute in a step.
struct StepItem {
  EngineRequestId id = 0;
  int begin = 0;          // first position
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

  // A new sequence at the end of the queue. `known` >= 1 tokens are there from the start, `blocks`
  // is all the KV memory it will ever need. Ids are unique.
  void add(EngineRequestId id, int known, int blocks);

  // The next step; its ranges count as computed from here on. `blocks_free` are the blocks that no
  // admitted sequence holds. Empty only if nothing can be computed. Valid until the next call.
  std::span<const StepItem> plan(int blocks_free);

  // After a complete range: the sequence goes on with positions [computed, known), of which the
  // earlier ones stay computed (fewer than before where a sequence backs up to try another way).
  void extend(EngineRequestId id, int computed, int known);

  // Finished or given up, waiting or admitted. The caller frees its blocks. Unknown ids are
  // ignored.
  void remove(EngineRequestId id);

  int waiting() const { return static_cast<int>(waiting_.size()); }
  int running() const { return static_cast<int>(running_.size()); }
  bool idle() const { return waiting_.empty() && running_.empty(); }

 private:
  struct Sequence {
    EngineRequestId id;
    int known;
    int blocks;
    int computed = 0;
    bool extended = false;  // past its prompt
  };
  void schedule(Sequence& sequence, bool admitted);

  Limits limits_;
  std::deque<Sequence> waiting_;   // in order of arrival
  std::vector<Sequence> running_;  // in order of arrival
  std::vector<StepItem> step_;
  int budget_ = 0;  // positions left in the step being planned
};

}  // namespace qaio
