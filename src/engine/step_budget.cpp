#include "engine/step_budget.h"

#include <algorithm>

namespace qaio {
namespace {

// Of a step's surprise, what is learned from it. A step that took longer may have been interrupted,
// one that took less tells the truth.
constexpr double kWeightLonger = 0.125;
constexpr double kWeightShorter = 0.5;
// Steps with fewer prompt tokens say less about the cost of one.
constexpr int kTellingTokens = 16;
// Until a step has told: a slow core with a small model.
constexpr double kTokenNsAtStart = 1e6;

// `share`: of the weight. A step counts as twice as long as expected at most.
void learn(double& known, double seen, double share) {
  if (known == 0) {
    known = seen;
  } else {
    const double surprise = std::min(seen, 2 * known) - known;
    known += share * (surprise > 0 ? kWeightLonger : kWeightShorter) * surprise;
  }
}

double first_known(double a, double b, double otherwise) {
  if (a > 0) return a;
  return b > 0 ? b : otherwise;
}

}  // namespace

StepBudget::StepBudget(const Limits& limits)
    : limits_(limits), base_ns_(static_cast<size_t>(limits.sequences_max) + 1, 0.0) {
  limits_.tokens_min = std::min(limits.tokens_min, limits.tokens_max);
}

// The nearest smaller number's base rather errs towards a steady pace.
double StepBudget::base_ns(int generating) const {
  const auto at = base_ns_.begin() + std::min(generating, limits_.sequences_max);
  const auto known = [](double base) { return base > 0; };
  for (auto it = at; it != base_ns_.begin(); --it) {
    if (known(*it)) return *it;
  }
  const auto above = std::find_if(at, base_ns_.end(), known);
  return above != base_ns_.end() ? *above : 0.0;
}

int StepBudget::prompt_tokens(int generating) const {
  auto spare_ns = static_cast<double>(limits_.step_ns);
  double token_ns = first_known(alone_token_ns_, beside_token_ns_, kTokenNsAtStart);
  if (generating > 0) {
    const double base = base_ns(generating);
    spare_ns = std::min(limits_.stretch * base, spare_ns) - base;
    token_ns = first_known(beside_token_ns_, alone_token_ns_, kTokenNsAtStart);
  }
  return static_cast<int>(std::clamp(spare_ns / token_ns, static_cast<double>(limits_.tokens_min),
                                     static_cast<double>(limits_.tokens_max)));
}

void StepBudget::observe(int generating, int prompt_tokens, int64_t duration_ns) {
  const auto duration = static_cast<double>(std::max<int64_t>(duration_ns, 1));
  const double share =
      std::min(prompt_tokens, kTellingTokens) / static_cast<double>(kTellingTokens);
  if (generating == 0) {
    if (prompt_tokens > 0) learn(alone_token_ns_, duration / prompt_tokens, share);
    return;
  }
  double& base = base_ns_[static_cast<size_t>(std::min(generating, limits_.sequences_max))];
  if (prompt_tokens == 0) return learn(base, duration, 1);
  if (base_ns(generating) == 0) {
    // Nothing but mixed steps so far: a guess until one without prompts comes.
    const double token_ns = first_known(beside_token_ns_, alone_token_ns_, kTokenNsAtStart);
    base = std::max(duration - prompt_tokens * token_ns, duration / 2);
  }
  const double beyond = std::max(duration - base_ns(generating), duration / 16);
  learn(beside_token_ns_, beyond / prompt_tokens, share);
}

}  // namespace qaio
