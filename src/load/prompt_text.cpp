#include "load/prompt_text.h"

#include <numeric>

#include "load/words.h"

namespace qaio {
namespace {

// The first token of every prompt: words follow a space, and nothing should begin with one.
constexpr std::string_view kOpening = "1";
constexpr uint64_t kPrefixStream = ~uint64_t{0};

}  // namespace

PromptText::PromptText(uint64_t seed, int shared_prefix_tokens)
    : seed_(seed),
      prefix_tokens_(shared_prefix_tokens),
      word_tokens_(common_words().size(), 1),
      one_token_words_(common_words().size()) {
  std::iota(one_token_words_.begin(), one_token_words_.end(), size_t{0});
  prefix_ = prefix(prefix_tokens_);
}

std::string PromptText::calibration_text() {
  std::string text(kOpening);
  for (const std::string_view word : common_words()) text.append(" ").append(word);
  return text;
}

bool PromptText::calibrate(std::span<const std::string> pieces) {
  size_t next = 0;
  // Tokens that make up exactly `text`; 0: they do not.
  const auto take = [&](std::string_view text) {
    int tokens = 0;
    for (; !text.empty(); ++next, ++tokens) {
      if (next == pieces.size() || pieces[next].empty() || !text.starts_with(pieces[next]))
        return 0;
      text.remove_prefix(pieces[next].size());
    }
    return tokens;
  };
  if (take(kOpening) != 1) return false;
  std::vector<int> word_tokens;
  std::vector<size_t> one_token_words;
  for (const std::string_view word : common_words()) {
    const int tokens = take(" " + std::string(word));
    if (tokens == 0) return false;
    if (tokens == 1) one_token_words.push_back(word_tokens.size());
    word_tokens.push_back(tokens);
  }
  if (one_token_words.empty() || next != pieces.size()) return false;
  word_tokens_ = std::move(word_tokens);
  one_token_words_ = std::move(one_token_words);
  exact_ = true;
  prefix_ = prefix(prefix_tokens_);
  return true;
}

std::string PromptText::text(uint64_t request, int tokens) const {
  Random random(seed_, request);
  std::string text = prefix_;
  if (text.empty()) {
    text = kOpening;
    --tokens;
  }
  append(random, tokens, text);
  return text;
}

std::string PromptText::prefix(int tokens) const {
  if (tokens <= 0) return {};
  Random random(seed_, kPrefixStream);
  std::string text(kOpening);
  append(random, tokens - 1, text);
  return text;
}

void PromptText::append(Random& random, int tokens, std::string& text) const {
  while (tokens > 0) {
    size_t word = random.below(word_tokens_.size());
    if (word_tokens_[word] > tokens) word = one_token_words_[random.below(one_token_words_.size())];
    text.append(" ").append(common_words()[word]);
    tokens -= word_tokens_[word];
  }
}

}  // namespace qaio
