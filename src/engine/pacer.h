// How many prompt tokens a step may compute, so that answers being generated keep a steady pace.
#pragma once

#include <cstdint>

namespace qaio {

// Learns from the steps' durations that a step takes about
//     base + prompt tokens * cost per token,
// the base being what it takes to generate one token for every running answer. Not thread-safe.
class Pacer {
 public:
  struct Limits {
    int64_t step_ns = 100'000'000;  // no step is planned to take longer
    double stretch = 2.5;           // nor longer than this many times the base
    int tokens_min = 8;             // prompts always go on by so many, however slow the machine
    int tokens_max = 512;
  };
  explicit Pacer(const Limits& limits) : limits_(limits) {}

  // For the next step, beside `generating` sequences past their prompt.
  int prompt_tokens(int generating) const;
  // What a step with so many tokens took.
  void observe(int generating, int prompt_tokens, int64_t duration_ns);

 private:
  Limits limits_;
  double base_ns_ = 0;  // 0: not known yet
  double token_ns_ = 0;
};

}  // namespace qaio
