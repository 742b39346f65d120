#include "cli/bench_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <span>

namespace qaio {
namespace {

std::vector<TokenId> random_tokens(int count, int vocab) {
  std::mt19937 random(1);
  std::uniform_int_distribution<TokenId> any(0, vocab - 1);
  std::vector<TokenId> tokens(static_cast<size_t>(count));
  for (TokenId& token : tokens) token = any(random);
  return tokens;
}

// Appends the tokens to the sequence, `step` at a time; logits after the last one, or after every
// step.
void evaluate(Model& model, KvSequence& kv, std::span<const TokenId> tokens, int step,
              bool logits_each_step, std::span<float> logits) {
  const auto step_tokens = static_cast<size_t>(step);
  for (size_t at = 0; at < tokens.size(); at += step_tokens) {
    const size_t count = std::min(step_tokens, tokens.size() - at);
    const bool wanted = !logits.empty() && (logits_each_step || at + count == tokens.size());
    ForwardItem item{.kv = &kv,
                     .tokens = tokens.subspan(at, count),
                     .logits_at = wanted ? LogitsAt::kLast : LogitsAt::kNone,
                     .logit_rows = {},
                     .logits = wanted ? logits : std::span<float>()};
    model.forward({&item, 1});
  }
}

// What every run of a test starts from: its tokens, and its context computed once. Whole blocks of
// the context are shared with each run, the rest is computed again.
class Bench {
 public:
  Bench(Model& model, const BenchTest& test)
      : model_(model),
        test_(test),
        context_tokens_(random_tokens(test.context, model.info().vocab)),
        tokens_(random_tokens(test.tokens, model.info().vocab)),
        logits_(static_cast<size_t>(model.info().vocab)),
        context_(model.kv_pool()) {}

  Result<void> compute_context() {
    QAIO_RETURN_IF_ERROR(context_.reserve(test_.context));
    evaluate(model_, context_, context_tokens_, model_.step_tokens_max(), false, {});
    return {};
  }

  // Seconds for one run.
  Result<double> run() {
    KvSequence kv(model_.kv_pool());
    const int shared = kv.share_prefix(context_.blocks(), test_.context);
    QAIO_RETURN_IF_ERROR(kv.reserve(test_.context + test_.tokens));
    const auto rest = std::span(context_tokens_).subspan(static_cast<size_t>(shared));
    evaluate(model_, kv, rest, model_.step_tokens_max(), false, {});
    const auto start = std::chrono::steady_clock::now();
    evaluate(model_, kv, tokens_, step_tokens(), !test_.prompt, logits_);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  // The rates a median run has.
  BenchSpeed speed(double tok_s, double spread) const {
    const ModelInfo& info = model_.info();
    const double seconds = test_.tokens / tok_s;
    const int steps = (test_.tokens + step_tokens() - 1) / step_tokens();
    const double head = static_cast<double>(info.vocab) * info.hidden;
    const double multiplied = static_cast<double>(info.layer_weights) * test_.tokens +
                              head * (test_.prompt ? 1 : test_.tokens);
    return {.tok_s = tok_s,
            .spread = spread,
            .gb_s = static_cast<double>(info.bytes_per_token) * steps / seconds / 1e9,
            .gop_s = 2 * multiplied / seconds / 1e9};
  }

 private:
  int step_tokens() const { return test_.prompt ? model_.step_tokens_max() : 1; }

  Model& model_;
  const BenchTest& test_;
  std::vector<TokenId> context_tokens_;
  std::vector<TokenId> tokens_;
  std::vector<float> logits_;
  KvSequence context_;
};

double median(std::span<const double> sorted) {
  const size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

}  // namespace

BenchTest prompt_test(int tokens) {
  return {.name = fmt::format("pp{}", tokens), .tokens = tokens, .prompt = true};
}

BenchTest generate_test(int tokens, int context) {
  return {
      .name = context == 0 ? fmt::format("tg{}", tokens) : fmt::format("tg{}@{}", tokens, context),
      .tokens = tokens,
      .prompt = false,
      .context = context};
}

int bench_kv_tokens(const std::vector<BenchTest>& tests) {
  int positions = 1;
  for (const BenchTest& test : tests) {
    // the context's last block is there twice: a run writes into its own
    const int blocks = KvPool::blocks_for(test.context) + KvPool::blocks_for(test.tokens) + 1;
    positions = std::max(positions, blocks * kKvBlockTokens);
  }
  return positions;
}

Result<BenchSpeed> run_bench(Model& model, const BenchTest& test, int repeat,
                             const std::function<void(double)>& on_run) {
  Bench bench(model, test);
  on_run(0);
  QAIO_RETURN_IF_ERROR(bench.compute_context());
  std::vector<double> speeds;
  for (int i = 0; i <= repeat; ++i) {
    on_run(static_cast<double>(i) / (repeat + 1));
    QAIO_ASSIGN(const double seconds, bench.run());
    if (i > 0) speeds.push_back(test.tokens / seconds);
  }
  std::sort(speeds.begin(), speeds.end());
  return bench.speed(median(speeds), speeds.back() - speeds.front());
}

}  // namespace qaio
