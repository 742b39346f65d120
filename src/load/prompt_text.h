// Prompts of a wanted number of tokens, different for every request.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"

namespace qaio {

// Text of common words. Every word counts as one token, which is about right for any model, until
// calibrate() learns how the server's tokenizer cuts them: then lengths are exact.
class PromptText {
 public:
  // Each prompt begins with the same `shared_prefix_tokens` tokens.
  PromptText(uint64_t seed, int shared_prefix_tokens);

  // What to have tokenized for calibrate().
  static std::string calibration_text();
  // `pieces`: the texts of that text's tokens. False, and nothing changes, unless they are that
  // text cut at least between its words, and some words are one token.
  bool calibrate(std::span<const std::string> pieces);
  bool exact() const { return exact_; }

  // Always the same for the same seed, request and length: the shared prefix and then `tokens`
  // tokens, at least 1.
  std::string text(uint64_t request, int tokens) const;

 private:
  void append(Random& random, int tokens, std::string& text) const;
  std::string prefix(int tokens) const;

  uint64_t seed_;
  int prefix_tokens_;
  std::vector<int> word_tokens_;
  std::vector<size_t> one_token_words_;
  bool exact_ = false;
  std::string prefix_;
};

}  // namespace qaio
