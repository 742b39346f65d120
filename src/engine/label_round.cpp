#include "engine/label_round.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "base/finite.h"
#include "engine/logprobs.h"

namespace qaio {
LabelRound::LabelRound(Model& model, PrefixCache& cache, const Clock& clock, int tokens_max,
                       int full_max)
    : model_(model),
      cache_(cache),
      clock_(clock),
      kernels_(default_kernels()),
      vocab_(static_cast<size_t>(model.info().vocab)),
      tokens_max_(static_cast<size_t>(tokens_max)),
      full_max_(static_cast<size_t>(full_max)),
      logits_(std::make_unique_for_overwrite<float[]>(full_max_ * vocab_)) {
  tokens_.reserve(tokens_max_);
}

void LabelRound::clear() {
  full_ = 0;
  root_logits_.clear();
  tokens_.clear();
  readings_.clear();
  items_.clear();
  branch_memory_.clear();
  branches_.clear();
}

// The beginning of `nodes` in which each is the next one's parent and an item can have all logits
// that are wanted: behind its last token or none, or of labels all.
std::span<const LabelRound::Node> LabelRound::first_run(std::span<const Node> nodes) {
  const auto end = std::ranges::adjacent_find(nodes, [](const Node& a, const Node& b) {
    return b.depth != a.depth + 1 || a.reading == QuestionWalk::Reading::kRoot;
  });
  return nodes.first(end == nodes.end() ? nodes.size()
                                        : static_cast<size_t>(end - nodes.begin()) + 1);
}

ForwardItem LabelRound::add(QuestionWalk& walk, KvSequence& kv, int root, int count) {
  assert(count >= 1 && nodes() + static_cast<size_t>(count) <= tokens_max_);
  std::vector<Run> runs;
  for (auto nodes = walk.left().first(static_cast<size_t>(count)); !nodes.empty();) {
    runs.push_back({.nodes = first_run(nodes)});
    nodes = nodes.subspan(runs.back().nodes.size());
  }
  give_memory(runs, kv, root);

  const size_t first = items_.size();
  for (size_t r = 0; r < runs.size(); ++r) {
    items_.push_back(item_of(std::span(runs).subspan(r), root));
    want_logits(walk, runs[r], items_.back());
  }
  walk.take(static_cast<size_t>(&runs.back().nodes.back() - &runs.front().nodes.front()) + 1);
  const ForwardItem item = items_[first];
  items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(first));
  return item;
}

void LabelRound::want_logits(QuestionWalk& walk, const Run& run, ForwardItem& item) {
  using Reading = QuestionWalk::Reading;
  const Node& last = run.nodes.back();
  if (last.reading == Reading::kNothing) return;
  const auto read = last.reading == Reading::kRoot ? run.nodes.last(1) : run.nodes;
  item.logits_at = last.reading == Reading::kRoot ? LogitsAt::kLast : LogitsAt::kAll;
  if (walk.reads_all(last)) {
    item.logits = {logits_.get() + full_ * vocab_, read.size() * vocab_};
    full_ += read.size();
    assert(full_ <= full_max_);
  } else {
    item.logit_rows = walk.labels(last.question).rows();
    item.logits = root_logits_.emplace_back(item.logit_rows.size());
  }
  const size_t width = item.logits.size() / read.size();
  for (size_t i = 0; i < read.size(); ++i) {
    readings_.push_back(
        {.walk = &walk, .node = &read[i], .logits = item.logits.subspan(i * width, width)});
  }
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
  for (const Node& node : run.nodes) tokens_.push_back(node.token);
  return {.kv = run.kv,
          .tokens = std::span(tokens_).subspan(first, run.nodes.size()),
          .logits_at = LogitsAt::kNone,
          .logit_rows = {},
          .logits = {},
          .branches = branches};
}

void LabelRound::read(size_t index, std::span<float> scratch) {
  assert(scratch.size() == vocab_);
  NodeReading& reading = readings_[index];
  reading.begin_ns = clock_.now_ns();
  const Node& node = *reading.node;
  LabelWalk& labels = reading.walk->labels(node.question);
  if (node.reading == QuestionWalk::Reading::kLabel) {
    labels.score_node(node.label_node, reading.logits, log_sum(reading.logits, scratch));
  } else {
    read_root(labels, reading.logits, scratch);
  }
  reading.end_ns = clock_.now_ns();
}

void LabelRound::read_root(LabelWalk& labels, std::span<const float> logits,
                           std::span<float> scratch) const {
  if (labels.mass()) {
    labels.score_root(logits, log_sum(logits, scratch));
  } else {
    labels.score_root(logits);
  }
}

double LabelRound::log_sum(std::span<const float> logits, std::span<float> scratch) const {
  return all_finite(logits) ? log_sum_exp(kernels_, logits, scratch)
                            : std::numeric_limits<double>::quiet_NaN();
}

int64_t LabelRound::reading_ns(const QuestionWalk& walk) const {
  TimeNs begin_ns = std::numeric_limits<TimeNs>::max();
  TimeNs end_ns = 0;
  for (const NodeReading& reading : readings_) {
    if (reading.walk != &walk) continue;
    begin_ns = std::min(begin_ns, reading.begin_ns);
    end_ns = std::max(end_ns, reading.end_ns);
  }
  return std::max<int64_t>(end_ns - begin_ns, 0);
}

}  // namespace qaio
