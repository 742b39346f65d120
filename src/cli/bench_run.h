// The tests of `qaio bench`, run on a loaded model without server or sampling.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/model.h"

namespace qaio {

struct BenchTest {
  // "pp56": a prompt of 56 tokens; "tg64": 64 tokens generated one by one; "tg64@2048": the same
  // after 2048 tokens of context, which are not timed.
  std::string name;
  int tokens = 0;
  bool prompt = false;
  int context = 0;
};

struct BenchSpeed {
  double tok_s = 0;   // median of the runs
  double spread = 0;  // tok/s, fastest minus slowest run
  // At the median: weights read per second, each once per step, in 10^9 bytes.
  double gb_s = 0;
  // At the median: operations of the matrix products per second, in 10^9: two per weight that a
  // token multiplies. Prompts use the output head for their last token only; attention adds more
  // operations, which are not counted.
  double gop_s = 0;
};

BenchTest prompt_test(int tokens);
BenchTest generate_test(int tokens, int context);

// Positions of KV memory a model needs for any of the tests.
int bench_kv_tokens(const std::vector<BenchTest>& tests);

// One warm-up run, then `repeat` counted ones; `on_run` hears the fraction done before each.
// kResourceExhausted if the model's KV memory is too small.
Result<BenchSpeed> run_bench(Model& model, const BenchTest& test, int repeat,
                             const std::function<void(double)>& on_run);

}  // namespace qaio
