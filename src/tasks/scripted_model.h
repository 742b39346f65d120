// For tests of this layer and those above: a model that answers from a script.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "model/model.h"
#include "text/tokenizer.h"

namespace qaio {

// After a prompt it wants the first token of `reply`, after each token of the reply the next one,
// then `end`; every other token's logit is lower.
class ScriptedModel final : public Model {
 public:
  struct Script {
    std::vector<TokenId> reply;
    TokenId end = 0;                    // <|im_end|>
    TokenId favourite = -1;             // 0 logit difference when -1
    std::chrono::microseconds step{0};  // what a step takes
  };

  ScriptedModel(Script script, int vocab) : script_(std::move(script)), pool_(64) {
    info_.name = "fake";
    info_.architecture = "qwen2";
    info_.weight_type = "F32";
    info_.vocab = vocab;
    info_.context_max = 1024;
  }

  const ModelInfo& info() const override { return info_; }
  int step_tokens_max() const override { return 512; }
  KvPool& kv_pool() override { return pool_; }

  void forward(std::span<ForwardItem> items) override {
    ++steps_;
    if (script_.step.count() > 0) std::this_thread::sleep_for(script_.step);
    for (ForwardItem& item : items) {
      item.kv->advance(static_cast<int>(item.tokens.size()));
      if (item.logits_at == LogitsAt::kNone) continue;
      const size_t rows =
          item.logit_rows.empty() ? static_cast<size_t>(info_.vocab) : item.logit_rows.size();
      const TokenId wanted = next(item);
      for (size_t i = 0; i < item.logits.size(); ++i) {
        const size_t row = i % rows;
        const TokenId id =
            item.logit_rows.empty() ? static_cast<TokenId>(row) : item.logit_rows[row];
        item.logits[i] = id == wanted ? 30.0F : id == script_.favourite ? 2.0F : 0.0F;
      }
    }
  }

  int steps() const { return steps_; }

 private:
  TokenId next(const ForwardItem& item) {
    size_t& said = said_[item.kv];
    said = item.tokens.size() > 1 ? 0 : said + 1;  // a prompt, or a token of the reply
    return said < script_.reply.size() ? script_.reply[said] : script_.end;
  }

  Script script_;
  ModelInfo info_;
  KvPool pool_;
  std::map<const KvSequence*, size_t> said_;  // tokens of the reply, only the engine's thread
  std::atomic<int> steps_{0};
};

}  // namespace qaio
