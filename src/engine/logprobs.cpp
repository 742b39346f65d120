#include "engine/logprobs.h"

#include <algorithm>
#include <cmath>

namespace qaio {

GeneratedToken token_logprobs(std::span<const float> logits, TokenId token, int top) {
  const float max = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += static_cast<double>(std::exp(logit - max));
  const double log_sum = static_cast<double>(max) + std::log(sum);
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
