// Seeded random numbers that are the same with every compiler and standard library.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace qaio {

// SplitMix64 (Steele, Lea, Flood 2014). Each (seed, stream) is a sequence of its own, so that
// request 17 is the same however requests interleave.
class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0) : state_(mixed(seed) ^ mixed(~stream)) {}

  uint64_t next() { return mixed(state_ += kGamma); }
  // In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  // In [0, count); count > 0. The bias is below count / 2^64.
  uint64_t below(uint64_t count) { return next() % count; }
  // Mean 1.
  double exponential() { return -std::log1p(-uniform()); }
  // Mean 0, standard deviation 1 (Box-Muller).
  double normal() {
    const double radius = std::sqrt(2 * exponential());
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

  // SplitMix64's output for one state, and what its state grows by.
  static uint64_t mixed(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  static constexpr uint64_t kGamma = 0x9E3779B97F4A7C15;

 private:
  uint64_t state_;
};

}  // namespace qaio
