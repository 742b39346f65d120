// Draws the next token from logits.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/token.h"
#include "engine/request.h"
#include "kernels/kernels.h"

namespace qaio {

// Work memory of Sampler::draw(), shared by the samplers of one thread.
class SamplerScratch {
 public:
  explicit SamplerScratch(int vocab);
  SamplerScratch(const SamplerScratch&) = delete;
  SamplerScratch& operator=(const SamplerScratch&) = delete;

 private:
  friend class Sampler;
  struct Candidate {
    float weight;  // exp((logit - max) / temperature), in (0, 1]
    TokenId id;
  };
  // Weights in [2^-kOctaves, 1] are sorted into bins by the leading bits of their representation.
  static constexpr int kOctaves = 40;
  static constexpr int kBins = kOctaves * 128 + 1;

  void gather(float floor);
  void sort_bin(int bin);
  // `total`: mass of the whole vocabulary; `uniform` in [0, 1).
  TokenId pick(const SamplingParams& params, double total, double uniform);

  const Kernels& kernels_;
  std::vector<float> weights_;          // [vocab]
  std::vector<Candidate> storage_;      // [vocab]
  std::span<Candidate> candidates_;     // the part of it in use, in order of id
  std::vector<Candidate> last_bin_;     // best first
  std::array<double, kBins> bin_mass_;  // bin 0 holds the likeliest
  std::array<int32_t, kBins> bin_count_;
  int bins_ = 0;  // in use
};

// One request's sampling state. The i-th draw depends only on the parameters, the tokens observed,
// the logits and i. Not thread-safe.
class Sampler {
 public:
  // Parameters are valid as validate() defines it.
  explicit Sampler(const SamplingParams& params);

  // Tells the repetition penalty about a token of the prompt; draw() does so for its own.
  void observe_prompt(TokenId token);

  // Ties go to the lower id. Adds bias and penalties to the logits. Tokens less likely than the
  // likeliest by a factor of 2^40 are never drawn.
  TokenId draw(std::span<float> logits, SamplerScratch& scratch);

 private:
  void adjust(std::span<float> logits) const;  // bias and penalties
  double next_uniform();                       // [0, 1)

  SamplingParams params_;
  uint64_t stream_;                          // the seed's own random stream
  uint64_t draws_ = 0;                       // position in it
  bool penalizes_;                           // at least one penalty is on
  std::unordered_map<TokenId, int> counts_;  // if so: tokens of prompt (0) and answer (times)
};

// The id of the largest logit, the lowest of equals; 0 if all are NaN.
TokenId argmax(std::span<const float> logits);

}  // namespace qaio
