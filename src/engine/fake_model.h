// A model for the engine's tests: logits are a hash of the token history, which it keeps in "KV
// memory" block by block, so that wrong positions, blocks or batches show in the output. With
// states it also keeps the history in those, and both must agree, so that wrong states show as
// well.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "model/model.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer.h"

namespace qaio {

class FakeModel final : public Model {
 public:
  static constexpr int kVocab = 40;
  // The end token of the tests' vocabulary; never the likeliest unless `ends` is set.
  static constexpr TokenId kEnd = kVocab - 1;

  // `states`: of recurrent layers; by default as many as the environment's QAIO_FAKE_STATES says.
  explicit FakeModel(int blocks, int step_tokens_max = 64, int states = default_states())
      : pool_(blocks, states),
        memory_(static_cast<size_t>(blocks * kKvBlockTokens), -1),
        states_(static_cast<size_t>(states)),
        step_tokens_max_(step_tokens_max) {
    info_.vocab = kVocab;
    info_.context_max = 1000;
  }

  const ModelInfo& info() const override { return info_; }
  int step_tokens_max() const override { return step_tokens_max_; }
  void copy_kv(std::span<const KvCopy> copies) override {
    for (const KvCopy& copy : copies) {
      std::copy_n(memory_.begin() + copy.from * kKvBlockTokens, kKvBlockTokens,
                  memory_.begin() + copy.to * kKvBlockTokens);
    }
  }
  KvPool& kv_pool() override { return pool_; }

  void forward(std::span<ForwardItem> items) override {
    if (before_step) before_step();
    ++steps;
    int tokens = 0;
    std::set<const KvSequence*> seen;
    step_ = items;
    step_histories_.clear();
    for (ForwardItem& item : items) {
      EXPECT_TRUE(seen.insert(item.kv).second) << "a sequence appears twice";
      tokens += static_cast<int>(item.tokens.size());
      compute(item);
    }
    EXPECT_GE(tokens, 1);
    EXPECT_LE(tokens, step_tokens_max_);
    tokens_computed += tokens;
    most_together = std::max(most_together.load(), static_cast<int>(items.size()));
  }

  // The specification of forward().
  static float logit(std::span<const TokenId> history, TokenId row) {
    uint32_t hash = 2166136261U;
    for (const TokenId token : history) {
      hash = (hash ^ static_cast<uint32_t>(token + 1)) * 16777619U;
    }
    hash = (hash ^ static_cast<uint32_t>(row + 77)) * 16777619U;
    hash ^= hash >> 15;
    return row == kEnd ? -30.0F : static_cast<float>(hash % 8000) / 1000.0F - 4.0F;
  }
  static std::vector<float> all_logits(std::span<const TokenId> history) {
    std::vector<float> logits;
    logits.reserve(kVocab);
    for (TokenId row = 0; row < kVocab; ++row) logits.push_back(logit(history, row));
    return logits;
  }

  std::function<void()> before_step;                           // set before the first request
  std::function<bool(std::span<const TokenId> history)> ends;  // likewise: the end token is next
  std::function<void(std::span<const TokenId> history, std::span<float> logits)> damages;
  std::atomic<int> steps{0};
  std::atomic<int> tokens_computed{0};
  std::atomic<int> most_together{0};

 private:
  static int default_states() {
    const char* states = std::getenv("QAIO_FAKE_STATES");
    return states != nullptr ? std::atoi(states) : 0;
  }

  // The history that the recurrent layers know of before the item: of its state, or of the item
  // that it branches off.
  std::vector<TokenId> history_before(const ForwardItem& item) {
    const StateId state = item.kv->state_before();
    if (state != kNoState) return states_[static_cast<size_t>(state)];
    for (const ForwardItem& other : step_) {
      for (const KvBranch& branch : other.branches) {
        const bool parent = branch.kv == item.kv && branch.end == item.kv->length();
        const auto known = step_histories_.find(other.kv);
        if (!parent || known == step_histories_.end()) continue;
        const std::vector<TokenId>& history = known->second.history;
        if (branch.end <= known->second.begin || history.size() < static_cast<size_t>(branch.end))
          continue;
        return {history.begin(), history.begin() + branch.end};
      }
    }
    EXPECT_EQ(item.kv->length(), 0) << "it goes on from no state";
    return {};
  }

  void compute_states(ForwardItem& item, int begin) {
    std::vector<TokenId> history = history_before(item);
    ASSERT_EQ(history.size(), static_cast<size_t>(begin)) << "the state of another position";
    history.insert(history.end(), item.tokens.begin(), item.tokens.end());
    for (int position = 0; position < static_cast<int>(history.size()); ++position)
      ASSERT_EQ(cell(*item.kv, position), history[static_cast<size_t>(position)]) << position;
    for (const StateSave& save : item.saves) {
      ASSERT_GT(save.end, begin);
      ASSERT_LE(static_cast<size_t>(save.end), history.size());
      states_[static_cast<size_t>(save.to)].assign(history.begin(), history.begin() + save.end);
    }
    if (item.kv->state() != kNoState) states_[static_cast<size_t>(item.kv->state())] = history;
    step_histories_[item.kv] = {begin, std::move(history)};
  }

  TokenId& cell(const KvSequence& kv, int position) {
    const BlockId block = kv.blocks()[static_cast<size_t>(position / kKvBlockTokens)];
    return memory_[block * kKvBlockTokens + static_cast<size_t>(position % kKvBlockTokens)];
  }

  void compute(ForwardItem& item) {
    ASSERT_FALSE(item.tokens.empty());
    const int begin = item.kv->length();
    const int end = begin + static_cast<int>(item.tokens.size());
    ASSERT_LE(KvPool::blocks_for(end), static_cast<int>(item.kv->blocks().size()));
    for (int position = begin; position < end; ++position) {
      const TokenId token = item.tokens[static_cast<size_t>(position - begin)];
      cell(*item.kv, position) = token;
      for (const KvBranch& branch : item.branches) {
        if (position < branch.end) cell(*branch.kv, position) = token;
      }
    }
    if (pool_.recurrent()) compute_states(item, begin);
    item.kv->computed(end - begin);
    if (item.logits_at == LogitsAt::kNone) return;
    std::vector<TokenId> history;
    history.reserve(static_cast<size_t>(end));
    std::span<float> out = item.logits;
    for (int position = 0; position < end; ++position) {
      history.push_back(cell(*item.kv, position));
      if (position + 1 < end && (item.logits_at == LogitsAt::kLast || position < begin)) continue;
      auto logits = all_logits(history);
      if (ends && ends(history)) logits[kEnd] = 30.0F;
      if (damages) damages(history, logits);
      std::vector<TokenId> rows(item.logit_rows.begin(), item.logit_rows.end());
      for (TokenId row = 0; item.logit_rows.empty() && row < kVocab; ++row) rows.push_back(row);
      ASSERT_GE(out.size(), rows.size());
      for (size_t i = 0; i < rows.size(); ++i) out[i] = logits[static_cast<size_t>(rows[i])];
      out = out.subspan(rows.size());
    }
    ASSERT_TRUE(out.empty());
  }

  ModelInfo info_;
  KvPool pool_;
  std::vector<TokenId> memory_;               // [blocks, kKvBlockTokens]
  std::vector<std::vector<TokenId>> states_;  // a history each
  struct StepHistory {
    int begin;  // where the item began
    std::vector<TokenId> history;
  };
  std::span<const ForwardItem> step_;
  std::map<const KvSequence*, StepHistory> step_histories_;
  int step_tokens_max_;
};

// Ids 0..25 are a..z; 26, 27, 28 are the three bytes of U+4F60; up to kVocab follow special tokens
// without text. The other bytes, which a tokenizer must have, stand behind what the model knows.
inline std::unique_ptr<Tokenizer> fake_tokenizer() {
  Vocabulary vocabulary;
  const auto add_byte = [&](int byte) {
    append_spelling(static_cast<uint8_t>(byte), &vocabulary.tokens.emplace_back());
  };
  for (int c = 'a'; c <= 'z'; ++c) add_byte(c);
  for (const int byte : {0xE4, 0xBD, 0xA0}) add_byte(byte);
  for (TokenId id = 29; id < FakeModel::kVocab; ++id) {
    const std::string name = "<|" + std::to_string(id) + "|>";
    vocabulary.tokens.push_back(name);
    vocabulary.added.push_back({.id = id, .content = name, .special = true});
  }
  for (int byte = 0; byte < 256; ++byte) {
    const bool known = (byte >= 'a' && byte <= 'z') || byte == 0xE4 || byte == 0xBD || byte == 0xA0;
    if (!known) add_byte(byte);
  }
  auto tokenizer = Tokenizer::from_vocabulary(vocabulary);
  EXPECT_TRUE(tokenizer) << (tokenizer ? "" : tokenizer.error().message);
  return std::move(*tokenizer);
}

}  // namespace qaio
