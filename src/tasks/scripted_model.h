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
  void copy_kv(std::span<const KvCopy> /*copies*/) override {}  // what it says hangs on no memory
  KvPool& kv_pool() override { return pool_; }

  void forward(std::span<ForwardItem> items) override {
    ++steps_;
    if (script_.step.count() > 0) std::this_thread::sleep_for(script_.step);
    for (ForwardItem& item : items) {
      const int begin = item.kv->length();
      item.kv->advance(static_cast<int>(item.tokens.size()));
      if (item.logits_at == LogitsAt::kNone) continue;
      const size_t rows =
          item.logit_rows.empty() ? static_cast<size_t>(info_.vocab) : item.logit_rows.size();
      const TokenId wanted = next(item, begin);
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
  struct Said {
    int length = -1;  // of the sequence afterwards
    size_t tokens = 0;
  };

  // What begins where nothing was said is a prompt, or the rest of one; else a token of the reply.
  TokenId next(const ForwardItem& item, int begin) {
    Said& said = said_[item.kv];
    said.tokens = said.length == begin && item.tokens.size() == 1 ? said.tokens + 1 : 0;
    said.length = item.kv->length();
    return said.tokens < script_.reply.size() ? script_.reply[said.tokens] : script_.end;
  }

  Script script_;
  ModelInfo info_;
  KvPool pool_;
  std::map<const KvSequence*, Said> said_;  // only the engine's thread
  std::atomic<int> steps_{0};
};

}  // namespace qaio
