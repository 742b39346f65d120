#include "model/step_plan.h"

#include <algorithm>
#include <cassert>

namespace qaio {

void StepPlan::make(std::span<const ForwardItem> items) {
  tokens_.clear();
  wanted_.clear();
  logits_.clear();
  full_logits_.clear();
  all_rows_.tasks.clear();
  wanted_rows_.tasks.clear();
  for (const ForwardItem& item : items) {
    const int first = static_cast<int>(tokens_.size());
    const int count = static_cast<int>(item.tokens.size());
    assert(static_cast<int>(item.kv->blocks().size()) >=
           KvPool::blocks_for(item.kv->length() + count));
    for (int i = 0; i < count; ++i) {
      tokens_.push_back({&item, item.kv->length() + i, item.tokens[static_cast<size_t>(i)]});
    }
    add_tasks(all_rows_, first, count, first);
    if (item.logits_at == LogitsAt::kNone) continue;
    const int skipped = item.logits_at == LogitsAt::kLast ? count - 1 : 0;
    const int first_row = static_cast<int>(wanted_.size());
    add_tasks(wanted_rows_, first + skipped, count - skipped, first_row);
    const size_t width =
        item.logit_rows.empty() ? static_cast<size_t>(config_.vocab) : item.logit_rows.size();
    for (int i = 0; i < count - skipped; ++i) {
      wanted_.push_back(first + skipped + i);
      logits_.push_back(
          {first_row + i, item.logits.data() + static_cast<size_t>(i) * width, item.logit_rows});
    }
  }
  divide(all_rows_, static_cast<int>(tokens_.size()));
  divide(wanted_rows_, static_cast<int>(wanted_.size()));
  const auto full_end = std::stable_partition(
      logits_.begin(), logits_.end(), [](const LogitsRow& row) { return row.rows.empty(); });
  for (auto row = logits_.begin(); row != full_end; ++row) full_logits_.push_back(row->out);
  if (config_.recurrent()) plan_recurrent(items);
}

// A branch belongs to the item that computes the position before its first one; others that it
// shares positions with have it among their branches, too.
void StepPlan::plan_recurrent(std::span<const ForwardItem> items) {
  recurrent_.clear();
  recurrent_roots_.clear();
  std::vector<bool> branches(items.size(), false);
  int first_token = 0;
  for (const ForwardItem& item : items) {
    recurrent_.push_back({.item = &item, .first_token = first_token, .stops = {}});
    first_token += static_cast<int>(item.tokens.size());
  }
  for (size_t i = 0; i < items.size(); ++i) {
    const ForwardItem& item = items[i];
    const int begin = item.kv->length();
    std::vector<RecurrentItem::Stop>& stops = recurrent_[i].stops;
    for (const StateSave& save : item.saves)
      stops.push_back({.tokens = save.end - begin, .save = save.to});
    for (const KvBranch& branch : item.branches) {
      if (branch.end != branch.kv->length() || branch.end <= begin) continue;
      for (size_t j = i + 1; j < items.size(); ++j) {
        if (items[j].kv != branch.kv) continue;
        stops.push_back({.tokens = branch.end - begin, .branch = static_cast<int>(j)});
        branches[j] = true;
      }
    }
    std::ranges::stable_sort(stops, {}, &RecurrentItem::Stop::tokens);
    if (!branches[i]) recurrent_roots_.push_back(static_cast<int>(i));
  }
}

void StepPlan::add_tasks(StepRows& rows, int first_token, int count, int first_row) const {
  const int task_tokens = std::max(1, AttentionTask::kRows * config_.kv_heads / config_.heads);
  for (int begin = 0; begin < count; begin += task_tokens) {
    for (int head = 0; head < config_.kv_heads; ++head) {
      rows.tasks.push_back(
          {first_token + begin, std::min(task_tokens, count - begin), head, first_row + begin});
    }
  }
}

void StepPlan::divide(StepRows& rows, int count) const {
  rows.parts = TokenParts(count, threads_);
  rows.group_tasks.clear();
  for (int group = 0; group <= rows.parts.groups(); ++group) {
    const int first_row = rows.parts.part(group * rows.parts.parts_of_group()).first;
    const auto task =
        std::ranges::lower_bound(rows.tasks, first_row, {}, &AttentionTask::first_row);
    rows.group_tasks.push_back(static_cast<int>(task - rows.tasks.begin()));
  }
}

// From the end of a group: the longest rows first, so that no thread is left with a long one.
const AttentionTask* StepRows::first_task(int thread) const {
  const auto group = static_cast<size_t>(parts.group_of(thread));
  const int index = group_tasks[group + 1] - 1 - parts.index_in_group(thread);
  return index < group_tasks[group] ? nullptr : &tasks[static_cast<size_t>(index)];
}

const AttentionTask* StepRows::next_task(int thread, int threads, std::atomic<int>* taken) const {
  const int groups = parts.groups();
  for (int i = 0; i < groups; ++i) {
    const auto group = static_cast<size_t>((parts.group_of(thread) + i) % groups);
    const int left = group_tasks[group + 1] - group_tasks[group] - threads / groups;
    if (taken[group].load(std::memory_order_relaxed) >= left) continue;
    const int before = taken[group].fetch_add(1, std::memory_order_relaxed);
    if (before < left) return &tasks[static_cast<size_t>(group_tasks[group] + left - 1 - before)];
  }
  return nullptr;
}

}  // namespace qaio
