#include "engine/label_round.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "base/finite.h"
#include "engine/logprobs.h"

namespace qaio {
namespace {

// The beginning of `nodes` in which each is the next one's parent.
std::span<const LabelWalk::Node> first_run(std::span<const LabelWalk::Node> nodes) {
  const auto end = std::ranges::adjacent_find(
      nodes, [](const auto& a, const auto& b) { return b.depth != a.depth + 1; });
  return nodes.first(end == nodes.end() ? nodes.size()
                                        : static_cast<size_t>(end - nodes.begin()) + 1);
}

}  // namespace

LabelRound::LabelRound(Model& model, PrefixCache& cache, const Clock& clock, int nodes_max)
    : model_(model),
      cache_(cache),
      clock_(clock),
      kernels_(default_kernels()),
      vocab_(static_cast<size_t>(model.info().vocab)),
      nodes_max_(static_cast<size_t>(nodes_max)),
      logits_(std::make_unique_for_overwrite<float[]>(nodes_max_ * vocab_)) {
  tokens_.reserve(nodes_max_);
}

void LabelRound::clear() {
  tokens_.clear();
  readings_.clear();
  items_.clear();
  branch_memory_.clear();
  branches_.clear();
}

ForwardItem LabelRound::add(LabelWalk& walk, KvSequence& kv, int root, int count) {
  assert(count >= 1 && nodes() + static_cast<size_t>(count) <= nodes_max_);
  std::vector<Run> runs;
  for (auto nodes = walk.left().first(static_cast<size_t>(count)); !nodes.empty();) {
    runs.push_back({.nodes = first_run(nodes)});
    nodes = nodes.subspan(runs.back().nodes.size());
  }
  give_memory(runs, kv, root);

  const size_t first = items_.size();
  for (size_t r = 0; r < runs.size(); ++r) {
    items_.push_back(item_of(std::span(runs).subspan(r), root));
    for (const LabelWalk::Node& node : runs[r].nodes) {
      readings_.push_back(
          {.walk = &walk, .node = static_cast<size_t>(&node - walk.nodes().data())});
    }
  }
  walk.take(static_cast<size_t>(&runs.back().nodes.back() - &runs.front().nodes.front()) + 1);
  const ForwardItem item = items_[first];
  items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(first));
  return item;
}

// The last run goes on in `kv` itself; the others are so many as there is memory for.
void LabelRound::give_memory(std::vector<Run>& runs, KvSequence& kv, int root) {
  copies_.clear();
  int held = kv.length() - root;  // of a run's way, by `kv`
  for (size_t r = 0; r + 1 < runs.size(); ++r) {
    Run& run = runs[r];
    held = std::min(held, run.depth() - 1);
    const int begin = root + run.depth() - 1;
    run.kv = branch_off(kv, root, root + held, begin + static_cast<int>(run.nodes.size()));
    if (run.kv == nullptr) {
      runs.resize(r + 1);
    } else {
      run.kv->advance(begin - run.kv->length());
    }
  }
  model_.copy_kv(copies_);
  runs.back().kv = &kv;
  kv.advance(root + runs.back().depth() - 1 - kv.length());
}

// With blocks for the positions [0, end) that hold what those of `kv` do, as far as `held`. Only
// whole blocks before the root are shared, as `kv` may take another way behind it. Null: no memory.
KvSequence* LabelRound::branch_off(const KvSequence& kv, int root, int held, int end) {
  KvPool& pool = model_.kv_pool();
  const int shared = root / kKvBlockTokens;
  const int wanted = KvPool::blocks_for(end) - shared;
  if (wanted > pool.blocks_free() + pool.blocks_idle()) return nullptr;
  cache_.make_room(wanted);
  KvSequence& branch = branch_memory_.emplace_back(pool);
  branch.share_prefix(kv.blocks(), root);
  [[maybe_unused]] const auto reserved = branch.reserve(end);
  assert(reserved && "idle blocks can be freed");
  for (int block = shared; block < KvPool::blocks_for(held); ++block) {
    const auto i = static_cast<size_t>(block);
    copies_.push_back({.from = kv.blocks()[i], .to = branch.blocks()[i]});
  }
  return &branch;
}

// Of the first of these runs; the others are those behind it.
ForwardItem LabelRound::item_of(std::span<const Run> runs, int root) {
  const Run& run = runs.front();
  std::vector<KvBranch>& branches = branches_.emplace_back();
  int common = std::numeric_limits<int>::max();  // depth down to which they go the same way
  for (const Run& later : runs.subspan(1)) {
    common = std::min(common, later.depth() - 1);
    if (common < run.depth()) break;
    branches.push_back({.kv = later.kv, .end = root + common});
  }
  const size_t first = tokens_.size();
  for (const LabelWalk::Node& node : run.nodes) tokens_.push_back(node.token);
  const size_t count = run.nodes.size();
  return {.kv = run.kv,
          .tokens = std::span(tokens_).subspan(first, count),
          .logits_at = LogitsAt::kAll,
          .logit_rows = {},
          .logits = {logits_.get() + first * vocab_, count * vocab_},
          .branches = branches};
}

void LabelRound::read(size_t node, std::span<float> scratch) {
  assert(scratch.size() == vocab_);
  Reading& reading = readings_[node];
  reading.begin_ns = clock_.now_ns();
  const std::span logits(logits_.get() + node * vocab_, vocab_);
  const double log_sum = all_finite(logits) ? log_sum_exp(kernels_, logits, scratch)
                                            : std::numeric_limits<double>::quiet_NaN();
  reading.walk->score_node(reading.node, logits, log_sum);
  reading.end_ns = clock_.now_ns();
}

int64_t LabelRound::reading_ns(const LabelWalk& walk) const {
  TimeNs begin_ns = std::numeric_limits<TimeNs>::max();
  TimeNs end_ns = 0;
  for (const Reading& reading : readings_) {
    if (reading.walk != &walk) continue;
    begin_ns = std::min(begin_ns, reading.begin_ns);
    end_ns = std::max(end_ns, reading.end_ns);
  }
  return std::max<int64_t>(end_ns - begin_ns, 0);
}

}  // namespace qaio
