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
  ways_.clear();
  saves_.clear();
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

int LabelRound::fitting(const QuestionWalk& walk, const WalkStates& states, bool recurrent,
                        int tokens, int full) {
  const auto nodes = [&](int count) {
    return static_cast<int>(walk.fitting(static_cast<size_t>(count), static_cast<size_t>(full)));
  };
  if (!recurrent) return nodes(tokens);
  const int next = walk.left().front().depth - 1;
  const int again = next - (states.depth() <= next ? states.depth() : 0);
  return again < tokens ? again + nodes(tokens - again) : tokens;
}

ForwardItem LabelRound::add(QuestionWalk& walk, KvSequence& kv, WalkStates& states, int root,
                            int count) {
  assert(count >= 1 && nodes() + static_cast<size_t>(count) <= tokens_max_);
  std::vector<Run> runs;
  const bool recurrent = model_.kv_pool().recurrent();
  const int start = recurrent && states.depth() < walk.left().front().depth ? states.depth() : 0;
  if (recurrent) {
    runs = recurrent_runs(walk, start, static_cast<size_t>(count));
    give_recurrent_memory(runs, kv, states, root, start);
  } else {
    for (auto nodes = walk.left().first(static_cast<size_t>(count)); !nodes.empty();) {
      runs.push_back({.nodes = first_run(nodes)});
      nodes = nodes.subspan(runs.back().nodes.size());
    }
    give_memory(runs, kv, root);
  }

  const size_t first = items_.size();
  size_t taken = 0;
  for (size_t r = 0; r < runs.size(); ++r) {
    items_.push_back(item_of(std::span(runs).subspan(r), root));
    if (runs[r].again) continue;
    want_logits(walk, runs[r], items_.back());
    taken += runs[r].nodes.size();
  }
  walk.take(taken);
  if (recurrent) keep_way(walk, runs, states, root, start, taken);
  const ForwardItem item = items_[first];
  items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(first));
  return item;
}

// The way to the next node from depth `start`, as far as it must be computed again, and then the
// nodes that branch off it, off each other or off the root.
std::vector<LabelRound::Run> LabelRound::recurrent_runs(const QuestionWalk& walk, int start,
                                                        size_t count) {
  std::vector<Run> runs;
  const std::vector<Node>& way = ways_.emplace_back(walk.way_to_next(start));
  if (!way.empty()) {
    const size_t length = std::min(count, way.size());
    runs.push_back({.nodes = std::span(way).first(length), .again = true});
    count -= length;
  }
  auto nodes = walk.left().first(std::min(count, walk.left().size()));
  // What branches off above the way, but off the root, must wait.
  bool turned = false;
  const auto elsewhere = [&](const Node& node) {
    turned = turned || node.depth == 1;
    return !turned && node.depth <= start;
  };
  nodes = nodes.first(static_cast<size_t>(std::ranges::find_if(nodes, elsewhere) - nodes.begin()));
  std::vector<int> branched;  // by run: off how many others
  if (!runs.empty()) branched.push_back(1);
  while (!nodes.empty()) {
    const Run run{.nodes = first_run(nodes)};
    int depth = 1;
    for (size_t r = runs.size(); r-- > 0;) {
      if (runs[r].depth() >= run.depth()) continue;
      depth = branched[r] + 1;
      break;
    }
    if (depth > kBranchDepthMax) break;
    runs.push_back(run);
    branched.push_back(depth);
    nodes = nodes.subspan(run.nodes.size());
  }
  return runs;
}

// Remembers where all that is left of the question goes on, at this step's end.
void LabelRound::keep_way(const QuestionWalk& walk, std::span<const Run> runs, WalkStates& states,
                          int root, int start, size_t taken) {
  const Run& first = runs.front();
  const int depth =
      taken == 0 ? first.depth() - 1 + static_cast<int>(first.nodes.size()) : walk.common_depth();
  // the state that it began from is of no more use once the walk went another way above it
  const bool turned =
      std::ranges::any_of(runs, [start](const Run& run) { return run.depth() <= start; });
  if (depth == 0 || (!turned && depth < start)) return states.move_to_root();
  if (!turned && depth == start) return;
  for (size_t r = runs.size(); r-- > 0;) {
    const int last = runs[r].depth() - 1 + static_cast<int>(runs[r].nodes.size());
    if (runs[r].depth() > depth || last < depth) continue;
    saves_.push_back({.end = root + depth, .to = states.move_to(depth)});
    items_[items_.size() - runs.size() + r].saves = std::span(&saves_.back(), 1);
    return;
  }
  states.move_to_root();
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

// The last run is computed in the blocks of `kv`, so that the way to where the walk goes on stays
// there; the others are so many as there is memory for.
void LabelRound::give_recurrent_memory(std::vector<Run>& runs, const KvSequence& kv,
                                       const WalkStates& states, int root, int start) {
  copies_.clear();
  int held = start;  // of a run's way, by `kv`
  // Where a run begins that branches off none of this step.
  const auto state_of = [&](const Run& run) {
    if (run.depth() == 1) return kv.state();
    return held == start && run.depth() - 1 == start ? states.here() : kNoState;
  };
  for (size_t r = 0; r + 1 < runs.size(); ++r) {
    Run& run = runs[r];
    held = std::min(held, run.depth() - 1);
    const int begin = root + run.depth() - 1;
    run.kv = branch_off(kv, root, root + held, begin + static_cast<int>(run.nodes.size()),
                        KeepsState::kNo, state_of(run));
    if (run.kv == nullptr) {
      runs.resize(r + 1);
    } else {
      run.kv->advance(begin - run.kv->length());
    }
  }
  model_.copy_kv(copies_);
  Run& last = runs.back();
  held = std::min(held, last.depth() - 1);
  last.kv = &branch_memory_.emplace_back(kv.alias(root + last.depth() - 1, state_of(last)));
}

// With blocks for the positions [0, end) that hold what those of `kv` do, as far as `held`. Only
// whole blocks before the root are shared, as `kv` may take another way behind it. Null: no memory.
KvSequence* LabelRound::branch_off(const KvSequence& kv, int root, int held, int end,
                                   KeepsState keeps, StateId state) {
  KvPool& pool = model_.kv_pool();
  const int shared = root / kKvBlockTokens;
  const int wanted = KvPool::blocks_for(end) - shared;
  if (wanted > pool.blocks_free() + pool.blocks_idle()) return nullptr;
  cache_.make_room(wanted);
  KvSequence& branch = branch_memory_.emplace_back(pool, keeps);
  branch.share_prefix(kv.blocks(), root, state);
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
