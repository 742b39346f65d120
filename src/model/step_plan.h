// What one step of the transformer computes: its tokens in order, the attention to compute for
// them, and the logits that are wanted.
#pragma once

#include <atomic>
#include <span>
#include <vector>

#include "model/config.h"
#include "model/model.h"
#include "model/token_parts.h"

namespace qaio {

// One token of a step.
struct StepToken {
  const ForwardItem* item;
  int position;  // in its sequence
  TokenId id;
};

// An item as recurrent layers go through it: its tokens in order, and the positions at which others
// branch off or its state is kept.
struct RecurrentItem {
  const ForwardItem* item;
  int first_token;  // in the step
  struct Stop {
    int tokens;               // of the item, behind which this is
    int branch = -1;          // the recurrent item that goes on from here
    StateId save = kNoState;  // or where the state goes
  };
  std::vector<Stop> stops;  // in order
};

// Some query rows of one KV head of one item: a unit of attention work.
struct AttentionTask {
  // Query rows of a task: four of the kernel's six-row tiles, so that the keys of a block are read
  // from cache by the later ones.
  static constexpr int kRows = 24;

  int first_token;  // in the step
  int tokens;
  int kv_head;
  int first_row;  // of what is attended
};

// The rows that a layer computes behind its keys and values, how the threads divide them, and the
// attention that they need.
struct StepRows {
  TokenParts parts{0, 1};
  std::vector<AttentionTask> tasks;  // in order of rows
  std::vector<int> group_tasks;      // [groups + 1]: where those of each group of threads begin

  // A thread's tasks: the first, known beforehand, and those that it takes while the threads work;
  // null: none left. `taken` [groups] is shared by the threads and 0 at first.
  const AttentionTask* first_task(int thread) const;
  const AttentionTask* next_task(int thread, int threads, std::atomic<int>* taken) const;
};

// The logits of one token: from a row of the last layer to where the caller wants them.
struct LogitsRow {
  int row;
  float* out;                     // [vocab], or [rows.size()]
  std::span<const TokenId> rows;  // of the output head; empty: all
};

// Made by one thread before a step, read by all of them during it. Its vectors keep their memory
// from step to step.
class StepPlan {
 public:
  // `config` outlives the plan.
  StepPlan(const ModelConfig& config, int threads) : config_(config), threads_(threads) {}

  // The items must stay where they are until the step has ended.
  void make(std::span<const ForwardItem> items);

  const std::vector<StepToken>& tokens() const { return tokens_; }
  const StepToken& token(int index) const { return tokens_[static_cast<size_t>(index)]; }
  // Tokens whose logits are wanted, ascending: the rows of the last layer.
  const std::vector<int>& wanted() const { return wanted_; }
  const StepRows& all_rows() const { return all_rows_; }  // one for each token
  // Of the last layer, one for each of wanted(); of the others, all.
  const StepRows& rows(bool last_layer) const { return last_layer ? wanted_rows_ : all_rows_; }
  // First those that want the whole vocabulary, then those that want some rows of the head.
  const std::vector<LogitsRow>& logits() const { return logits_; }
  // Where the former go, in their order.
  const std::vector<float*>& full_logits() const { return full_logits_; }
  // Of models with recurrent layers: all items, and which of them branch off no other.
  const RecurrentItem& recurrent(int index) const { return recurrent_[static_cast<size_t>(index)]; }
  const std::vector<int>& recurrent_roots() const { return recurrent_roots_; }

 private:
  void add_tasks(StepRows& rows, int first_token, int count, int first_row) const;
  void divide(StepRows& rows, int count) const;  // among the threads
  void plan_recurrent(std::span<const ForwardItem> items);

  const ModelConfig& config_;
  int threads_;
  std::vector<StepToken> tokens_;
  std::vector<int> wanted_;
  StepRows all_rows_;
  StepRows wanted_rows_;
  std::vector<LogitsRow> logits_;
  std::vector<float*> full_logits_;
  std::vector<RecurrentItem> recurrent_;
  std::vector<int> recurrent_roots_;
};

}  // namespace qaio
