#include "engine/logprobs.h"

#include <algorithm>
#include <cassert>

#include "base/portable_math.h"

namespace qaio {

double log_sum_exp(const Kernels& kernels, std::span<const float> logits,
                   std::span<float> scratch) {
  assert(scratch.size() == logits.size());
  const auto count = static_cast<int>(logits.size());
  const float max = kernels.max_of(logits.data(), count);
  const float sum = kernels.exponentials(logits.data(), max, 1.0F, count, scratch.data());
  return static_cast<double>(max) + portable_log(static_cast<double>(sum));
}

GeneratedToken token_logprobs(const Kernels& kernels, std::span<const float> logits, TokenId token,
                              int top, std::span<float> scratch) {
  const double log_sum = log_sum_exp(kernels, logits, scratch);
  const auto logprob = [&](size_t id) {
    return TokenLogprob{static_cast<TokenId>(id),
                        static_cast<float>(static_cast<double>(logits[id]) - log_sum)};
  };

  GeneratedToken result{.chosen = logprob(static_cast<size_t>(token)), .top = {}};
  // A heap of the best so far, the worst of them in front.
  const auto better = [](const TokenLogprob& a, const TokenLogprob& b) {
    return a.logprob != b.logprob ? a.logprob > b.logprob : a.token < b.token;
  };
  std::vector<TokenLogprob>& best = result.top;
  const size_t count = std::min(static_cast<size_t>(top), logits.size());
  best.reserve(count + 1);
  for (size_t id = 0; count > 0 && id < logits.size(); ++id) {
    const TokenLogprob candidate = logprob(id);
    if (best.size() == count && !better(candidate, best.front())) continue;
    best.push_back(candidate);
    std::ranges::push_heap(best, better);
    if (best.size() <= count) continue;
    std::ranges::pop_heap(best, better);
    best.pop_back();
  }
  std::ranges::sort_heap(best, better);
  return result;
}

}  // namespace qaio
