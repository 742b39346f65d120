#include "engine/state_saves.h"

#include <algorithm>
#include <utility>

namespace qaio {
namespace {

// So far before a prompt's end: who changes its last tokens computes at most four times as many.
constexpr int kBeforeEnd[] = {1, 64, 256, 1024, 4096};

constexpr int whole_blocks(int positions) { return positions / kKvBlockTokens * kKvBlockTokens; }

}  // namespace

StateSaves::StateSaves(StateSaves&& other) noexcept
    : pool_(other.pool_),
      prompt_(other.prompt_),
      planned_(std::exchange(other.planned_, {})),
      taken_(std::exchange(other.taken_, {})) {}

void StateSaves::plan(int cached, int known, int prompt) {
  clear();
  prompt_ = prompt;
  if (!pool_.recurrent()) return;
  planned_.push_back(whole_blocks(known));
  for (const int before : kBeforeEnd) planned_.push_back(whole_blocks(prompt - before));
  std::erase_if(planned_, [cached](int position) { return position <= cached; });
  std::ranges::sort(planned_);
  planned_.erase(std::unique(planned_.begin(), planned_.end()), planned_.end());
  taken_.reserve(planned_.size() + 1);
}

std::span<const StateSave> StateSaves::within(int begin, int end, PrefixCache& cache) {
  const size_t before = taken_.size();
  if (!pool_.recurrent()) return {};
  if (begin >= prompt_ && whole_blocks(end) > begin) {  // of an answer only the last one
    if (taken_.empty()) {
      if (const auto state = cache.take_state()) taken_.push_back({.end = 0, .to = *state});
    }
    if (taken_.empty()) return {};
    taken_.back().end = whole_blocks(end);
    return std::span(taken_).last(1);
  }
  for (const int position : planned_) {
    if (position <= begin || position > end) continue;
    const auto state = cache.take_state();
    if (!state) break;
    taken_.push_back({.end = position, .to = *state});
  }
  return std::span(taken_).subspan(before);
}

void StateSaves::hand_over(std::span<const TokenId> computed, PrefixCache& cache) {
  std::erase_if(taken_, [&](const StateSave& save) {
    const auto end = static_cast<size_t>(save.end);
    if (end > computed.size()) return false;
    cache.keep_state(computed.first(end), save.to);
    return true;
  });
}

void StateSaves::clear() {
  for (const StateSave& save : taken_) pool_.release_state(save.to);
  taken_.clear();
  planned_.clear();
}

}  // namespace qaio
