// How many prompt tokens a step may compute, so that answers being generated keep a steady pace.
//
// What a step takes is learned from the steps themselves: one without prompts tells what a token
// for every running answer costs, by their number; what one with prompts takes beyond that is the
// cost of its prompt tokens. They cost more beside answers, a few at a time, than alone, and the
// two costs are kept apart.
#pragma once

#include <cstdint>
#include <vector>

namespace qaio {

// Not thread-safe.
class StepBudget {
 public:
  struct Limits {
    int64_t step_ns = 100'000'000;  // no step is planned to take longer
    double stretch = 2.0;           // nor longer than this many times one without prompts
    int tokens_min = 8;             // prompts always go on by so many, however slow the machine
    int tokens_max = 512;
    int sequences_max = 16;  // generating at a time
  };
  explicit StepBudget(const Limits& limits);

  // For the next step, beside `generating` sequences past their prompt. At least 1.
  int prompt_tokens(int generating) const;
  // What a step took that computed so many tokens of prompts beside so many such sequences.
  void observe(int generating, int prompt_tokens, int64_t duration_ns);

 private:
  // A step for `generating` answers alone, as far as can be told; 0: nothing is known.
  double base_ns(int generating) const;

  Limits limits_;
  std::vector<double> base_ns_;  // by the number of generating sequences; 0: not known
  double alone_token_ns_ = 0;    // of a prompt, in steps without answers; 0: not known
  double beside_token_ns_ = 0;   // in steps with answers
};

}  // namespace qaio
