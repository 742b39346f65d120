#include "engine/sampler.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <numeric>

#include "base/random.h"

namespace qaio {
namespace {

// 128 bins an octave by the leading bits of the float, bin 0 for weight 1; monotonic.
inline int bin_of(float weight) {
  const int bin = (std::bit_cast<int32_t>(1.0F) >> 16) - (std::bit_cast<int32_t>(weight) >> 16);
  return std::max(bin, 0);
}

inline size_t at(int bin) { return static_cast<size_t>(bin); }

// No token below this weight, of `vocab` weights that sum to `sum`, can be drawn.
double weight_floor(const SamplingParams& params, double sum, size_t vocab) {
  if (params.min_p > 0) return static_cast<double>(params.min_p);
  // Tokens below (1 - p) of the mass spread evenly over the vocabulary hold less than 1 - p
  // together, so top-p needs none of them. After top-k the mass may be as little as the best one.
  const double mass_min = params.top_k > 0 ? 1.0 : sum;
  const double rest = (1.0 - static_cast<double>(params.top_p)) * mass_min;
  return 0.999 * rest / static_cast<double>(vocab);  // rounding
}

// The candidate of the wanted ones in whose share of their mass the point lies.
template <typename Wanted>
TokenId walk(const auto& candidates, double point, Wanted wanted) {
  TokenId token = 0;
  for (const auto& candidate : candidates) {
    if (!wanted(candidate)) continue;
    token = candidate.id;  // the last one if rounding takes the point past the end
    if (point < candidate.weight) break;
    point -= candidate.weight;
  }
  return token;
}

}  // namespace

TokenId argmax(std::span<const float> logits) {
  static const Kernels& kernels = default_kernels();
  const float max = kernels.max_of(logits.data(), static_cast<int>(logits.size()));
  const auto it = std::ranges::find(logits, max);
  return it == logits.end() ? 0 : static_cast<TokenId>(it - logits.begin());
}

SamplerScratch::SamplerScratch(int vocab)
    : kernels_(default_kernels()),
      weights_(static_cast<size_t>(vocab)),
      storage_(static_cast<size_t>(vocab)) {
  last_bin_.reserve(1024);
}

Sampler::Sampler(const SamplingParams& params)
    : params_(params),
      stream_(Random::mixed(params.seed + Random::kGamma)),
      penalizes_(params.repetition_penalty != 1.0F || params.presence_penalty != 0 ||
                 params.frequency_penalty != 0) {}

void Sampler::observe_prompt(TokenId token) {
  if (params_.repetition_penalty != 1.0F) counts_.try_emplace(token, 0);
}

void Sampler::adjust(std::span<float> logits) const {
  for (const LogitBias& bias : params_.logit_bias) {
    logits[static_cast<size_t>(bias.token)] += bias.bias;
  }
  for (const auto& [token, count] : counts_) {
    float& logit = logits[static_cast<size_t>(token)];
    // As in CTRL (Keskar et al. 2019) and Hugging Face: towards less likely, whatever the sign.
    logit = logit > 0 ? logit / params_.repetition_penalty : logit * params_.repetition_penalty;
    if (count > 0) {
      logit -= params_.presence_penalty + params_.frequency_penalty * static_cast<float>(count);
    }
  }
}

double Sampler::next_uniform() {
  return static_cast<double>(Random::mixed(stream_ + Random::kGamma * ++draws_) >> 11) * 0x1p-53;
}

TokenId Sampler::draw(std::span<float> logits, SamplerScratch& scratch) {
  assert(scratch.weights_.size() == logits.size());
  adjust(logits);
  const auto vocab = static_cast<int>(logits.size());
  const float max = scratch.kernels_.max_of(logits.data(), vocab);
  const float scale = 1.0F / params_.temperature;
  TokenId token = 0;
  if (params_.temperature == 0 || !std::isfinite(max) || !std::isfinite(scale)) {
    token = argmax(logits);
  } else {
    const auto sum = static_cast<double>(
        scratch.kernels_.exponentials(logits.data(), max, scale, vocab, scratch.weights_.data()));
    scratch.gather(
        static_cast<float>(std::max(weight_floor(params_, sum, logits.size()), 0x1p-40)));
    token = scratch.pick(params_, sum, next_uniform());
  }
  if (penalizes_) ++counts_[token];
  return token;
}

// The weights of at least `floor` in order of id, and their mass and number by bins.
void SamplerScratch::gather(float floor) {
  bins_ = bin_of(floor) + 1;
  std::fill_n(bin_mass_.begin(), bins_, 0.0);
  std::fill_n(bin_count_.begin(), bins_, 0);
  size_t size = 0;
  for (size_t i = 0; i < weights_.size(); ++i) {
    // Without a branch, which nobody could predict: what is not wanted is overwritten.
    storage_[size] = {weights_[i], static_cast<TokenId>(i)};
    size += weights_[i] >= floor ? 1 : 0;
  }
  candidates_ = std::span(storage_).first(size);
  for (const Candidate& candidate : candidates_) {
    const auto bin = static_cast<size_t>(bin_of(candidate.weight));
    bin_mass_[bin] += candidate.weight;
    ++bin_count_[bin];
  }
}

// Fills last_bin_ with the candidates of a bin, best first.
void SamplerScratch::sort_bin(int bin) {
  last_bin_.clear();
  for (const Candidate& candidate : candidates_) {
    if (bin_of(candidate.weight) == bin) last_bin_.push_back(candidate);
  }
  std::ranges::sort(last_bin_, [](const Candidate& a, const Candidate& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
  });
}

// Selects without sorting the vocabulary: the candidates' mass is known by bins of nearly equal
// weight; only the bin in which top-k or top-p ends is put in order.
TokenId SamplerScratch::pick(const SamplingParams& params, double total, double uniform) {
  int sorted = -1;
  if (params.min_p > 0) {
    total = std::accumulate(bin_mass_.begin(), bin_mass_.begin() + bins_, 0.0);
  }
  if (const int k = params.top_k; k > 0 && static_cast<size_t>(k) < candidates_.size()) {
    int above = 0;
    total = 0;
    for (sorted = 0; above + bin_count_[at(sorted)] < k; ++sorted) {
      above += bin_count_[at(sorted)];
      total += bin_mass_[at(sorted)];
    }
    sort_bin(sorted);
    last_bin_.resize(static_cast<size_t>(k - above));
    bin_mass_[at(sorted)] = 0;
    for (const Candidate& candidate : last_bin_) bin_mass_[at(sorted)] += candidate.weight;
    total += bin_mass_[at(sorted)];
    bins_ = sorted + 1;
  }

  const double wanted = params.top_p < 1 ? static_cast<double>(params.top_p) * total : total * 2;
  int last = 0;
  double above = 0;
  for (; last + 1 < bins_ && above + bin_mass_[at(last)] < wanted; ++last) {
    above += bin_mass_[at(last)];
  }
  if (last != sorted) sort_bin(last);
  double kept = 0;
  size_t size = 0;
  for (; size < last_bin_.size() && above + kept < wanted; ++size) kept += last_bin_[size].weight;
  last_bin_.resize(size);

  double rest = uniform * (above + kept);
  if (rest >= above) return walk(last_bin_, rest - above, [](const Candidate&) { return true; });
  int bin = 0;  // never empty: it holds the best token; nor are those that bin_count_ skips below
  for (int next = 0; next < last; ++next) {
    if (bin_count_[at(next)] == 0) continue;
    bin = next;
    if (rest < bin_mass_[at(bin)]) break;
    rest -= bin_mass_[at(bin)];
  }
  return walk(candidates_, rest, [bin](const Candidate& c) { return bin_of(c.weight) == bin; });
}

}  // namespace qaio
