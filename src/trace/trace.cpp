#include "trace/trace.h"

#include <algorithm>
#include <cassert>

namespace qaio {

std::string_view stage_name(Stage stage) {
  switch (stage) {
    case Stage::kHttpRead:
      return "http_read";
    case Stage::kParse:
      return "parse";
    case Stage::kTasks:
      return "tasks";
    case Stage::kSerialize:
      return "serialize";
    case Stage::kHttpWrite:
      return "http_write";
    case Stage::kPromptBuild:
      return "prompt_build";
    case Stage::kTokenize:
      return "tokenize";
    case Stage::kQueue:
      return "queue";
    case Stage::kPrefill:
      return "prefill";
    case Stage::kDecode:
      return "decode";
    case Stage::kScore:
      return "score";
    case Stage::kOutputParse:
      return "output_parse";
  }
  return "unknown";
}

void StageLane::add(Stage stage, TimeNs begin_ns, TimeNs end_ns) {
  assert(end_ns >= begin_ns && "a stage ends before it begins");
  assert(begin_ns >= begin_ns_ && "a stage begins before its lane");
  assert(begin_ns >= last_ns_ && "stages of one lane overlap");
  last_ns_ = end_ns;
  if (size_ == kIntervalsMax) {
    ++dropped_;
    return;
  }
  intervals_[size_++] = {stage, begin_ns, end_ns};
}

int64_t StageLane::stage_ns(Stage stage) const {
  int64_t sum = 0;
  for (size_t i = 0; i < size_; ++i) {
    if (intervals_[i].stage == stage) sum += intervals_[i].end_ns - intervals_[i].begin_ns;
  }
  return sum;
}

int64_t StageLane::unattributed_ns() const {
  int64_t rest = wall_ns();
  for (size_t i = 0; i < size_; ++i) rest -= intervals_[i].end_ns - intervals_[i].begin_ns;
  return rest;
}

void count_gap(int64_t gap_ns, GapCounts& counts) {
  ++counts[static_cast<size_t>(std::ranges::lower_bound(kGapBoundsNs, gap_ns) -
                               kGapBoundsNs.begin())];
}

}  // namespace qaio
