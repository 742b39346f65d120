#include "cli/demo_load.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <functional>

#include "base/random.h"
#include "cli/json_text.h"
#include "cli/terminal.h"
#include "load/load_run.h"

namespace qaio {
namespace {

constexpr std::array<std::string_view, 10> kSentences = {
    "今天的服务真的很好，我非常满意。",
    "这个产品太差了，用了一天就坏了。",
    "你好，请介绍一下你自己。",
    "房间很干净，早餐也不错。",
    "快递等了一个星期，真让人失望。",
    "The food was great and the staff were friendly.",
    "I waited two hours and nobody came to help me.",
    "Hello, what can you do for me today?",
    "The battery is weak, but the screen is very good.",
    "Thank you, that was a wonderful evening."};
constexpr std::array<std::string_view, 3> kTasks = {R"(["sentiment", "chat"])", R"(["sentiment"])",
                                                    R"(["chat"])"};
constexpr int kConcurrency = 4;
constexpr uint64_t kSentencesMax = 6;
constexpr auto kTimeout = std::chrono::seconds(120);

// Requests of one phase: 1 to 6 sentences, 8 to 40 new tokens, always the same for a seed.
class DemoWorkload final : public Workload {
 public:
  enum class Tasks : uint8_t { kBoth, kAlternating, kMixed };

  DemoWorkload(Tasks tasks, uint64_t seed) : tasks_(tasks), seed_(seed) {}

  LoadRequest request(uint64_t index) const override {
    Random random(seed_, index);
    std::string input;
    for (uint64_t left = 1 + random.below(kSentencesMax); left > 0; --left) {
      if (!input.empty()) input += ' ';
      input += kSentences[random.below(kSentences.size())];
    }
    // Alternating: two of one task, then two of the other, so that there are as many after the same
    // task as after another.
    const size_t tasks = tasks_ == Tasks::kBoth          ? 0
                         : tasks_ == Tasks::kAlternating ? 1 + index / 2 % 2
                                                         : random.below(kTasks.size());
    return {.body = fmt::format(R"({{"input": {}, "tasks": {}, "max_new_tokens": {}, "seed": {}, )"
                                R"("stream": true}})",
                                json_quote(input), kTasks[tasks], 8 + random.below(33), index),
            .prompt_tokens_asked = 0};
  }

 private:
  Tasks tasks_;
  uint64_t seed_;
};

struct Phase {
  DemoWorkload::Tasks tasks;
  int concurrency;
  double share;  // of all requests
};
constexpr std::array<Phase, 3> kPhases = {{{DemoWorkload::Tasks::kBoth, 1, 0.2},
                                           {DemoWorkload::Tasks::kAlternating, 1, 0.6},
                                           {DemoWorkload::Tasks::kMixed, kConcurrency, 0.2}}};

Result<void> send_phase(const Phase& phase, uint64_t count, uint64_t seed, const Target& target,
                        const std::function<void(double)>& on_progress) {
  QAIO_ASSIGN(const Transport transport, make_transport(target, {}));
  const LoadRunOptions load{.concurrency = phase.concurrency,
                            .rate = {},
                            .warmup = 0,
                            .count = count,
                            .duration = {},
                            .timeout = kTimeout,
                            .seed = seed,
                            .slo = {}};
  const LoadReport report =
      run_load(load, target, transport, DemoWorkload(phase.tasks, seed),
               [&](const LoadProgress& state) { on_progress(state.fraction); });
  if (report.interrupted) return fail(ErrorCode::kCancelled, "interrupted");
  if (report.summary.failed() == 0) return {};
  const auto& [name, failure] = *report.summary.failures().begin();
  return fail(ErrorCode::kInternal, fmt::format("{} requests failed: {}: {}",
                                                report.summary.failed(), name, failure.example));
}

}  // namespace

Result<void> send_demo_requests(const std::string& url, int requests, uint64_t seed) {
  QAIO_ASSIGN(const Target target, parse_target(url, ""));
  Progress progress("Measuring");
  int sent = 0;
  for (size_t i = 0; i < kPhases.size(); ++i) {
    const bool last = i + 1 == kPhases.size();
    const int count = last ? requests - sent : static_cast<int>(kPhases[i].share * requests);
    if (count <= 0) continue;
    QAIO_RETURN_IF_ERROR(send_phase(
        kPhases[i], static_cast<uint64_t>(count), seed + i, target, [&](double fraction) {
          const double done = sent + fraction * count;
          progress.update(done / requests, fmt::format("{:.0f} of {} requests", done, requests));
        }));
    sent += count;
  }
  return {};
}

}  // namespace qaio
