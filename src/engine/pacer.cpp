#include "engine/pacer.h"

#include <algorithm>

namespace qaio {
namespace {

// Of a step's surprise, what is learned from it.
constexpr double kWeight = 0.125;
// Until a step has told: a slow core with a small model.
constexpr double kTokenNsAtStart = 1e6;

}  // namespace

int Pacer::prompt_tokens(int generating) const {
  const auto step_ns = static_cast<double>(limits_.step_ns);
  const double token_ns = token_ns_ > 0 ? token_ns_ : kTokenNsAtStart;
  double spare_ns = step_ns;
  if (generating > 0) spare_ns = std::min(limits_.stretch * base_ns_, step_ns) - base_ns_;
  const double tokens = spare_ns / token_ns;
  const int tokens_min = std::min(limits_.tokens_min, limits_.tokens_max);
  return static_cast<int>(
      std::clamp(tokens, static_cast<double>(tokens_min), static_cast<double>(limits_.tokens_max)));
}

// The difference to what was expected goes to base and tokens by their shares in it. So both are
// learned although most steps have both.
void Pacer::observe(int generating, int prompt_tokens, int64_t duration_ns) {
  const auto duration = static_cast<double>(duration_ns);
  if (prompt_tokens > 0 && token_ns_ == 0) {
    token_ns_ = generating > 0 ? kTokenNsAtStart : duration / prompt_tokens;
  }
  const double tokens_ns = prompt_tokens * token_ns_;
  if (generating > 0 && base_ns_ == 0) base_ns_ = std::max(duration - tokens_ns, duration / 4);
  const double base_ns = generating > 0 ? base_ns_ : 0;
  const double expected = base_ns + tokens_ns;
  if (expected <= 0) return;
  // A step that was interrupted teaches no more than one of double length.
  const double error = std::clamp(duration / expected - 1, -1.0, 1.0);
  if (generating > 0) base_ns_ *= 1 + kWeight * error * base_ns / expected;
  if (prompt_tokens > 0) token_ns_ *= 1 + kWeight * error * tokens_ns / expected;
}

}  // namespace qaio
