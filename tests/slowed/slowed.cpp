// A deliberately slowed build of qaio, to test that `qaio compare` notices: linked with the
// program's main file it is the program, whose model takes longer in one stage.
// QAIO_TEST_SLOW=decode:0.1 adds 10 % to every forward pass that only generates, prefill:0.1 to
// those that read prompts.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>

#include "app/runtime.h"

namespace qaio {
namespace {

class SlowedModel final : public Model {
 public:
  SlowedModel(std::unique_ptr<Model> model, bool prefill, double factor)
      : model_(std::move(model)), prefill_(prefill), factor_(factor) {}

  const ModelInfo& info() const override { return model_->info(); }
  int step_tokens_max() const override { return model_->step_tokens_max(); }
  KvPool& kv_pool() override { return model_->kv_pool(); }
  void copy_kv(std::span<const KvCopy> copies) override { model_->copy_kv(copies); }

  void forward(std::span<ForwardItem> items) override {
    using Clock = std::chrono::steady_clock;
    const bool reads_prompts =
        std::ranges::any_of(items, [](const ForwardItem& item) { return item.tokens.size() > 1; });
    const auto begin = Clock::now();
    model_->forward(items);
    if (reads_prompts != prefill_) return;
    const auto end = Clock::now();
    const auto slowed =
        begin + std::chrono::duration_cast<Clock::duration>((end - begin) * (1 + factor_));
    while (Clock::now() < slowed) {
    }
  }

 private:
  std::unique_ptr<Model> model_;
  bool prefill_;
  double factor_;
};

// Before main().
const bool kSlowed = [] {
  const char* value = std::getenv("QAIO_TEST_SLOW");
  if (value == nullptr) return false;
  const std::string text(value);
  const size_t colon = std::min(text.find(':'), text.size());
  const bool prefill = text.substr(0, colon) == "prefill";
  const double factor = std::atof(text.c_str() + std::min(colon + 1, text.size()));
  set_model_wrapper([prefill, factor](std::unique_ptr<Model> model) {
    return std::make_unique<SlowedModel>(std::move(model), prefill, factor);
  });
  return true;
}();

}  // namespace
}  // namespace qaio
