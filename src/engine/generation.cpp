#include "engine/generation.h"

#include <algorithm>
#include <utility>

#include "engine/logprobs.h"

namespace qaio {

Generation::Generation(const GenerateJob& job, std::span<const TokenId> prompt,
                       const Tokenizer& tokenizer)
    : job_(job), sampler_(job.sampling), detokenizer_(tokenizer), stops_(job.stops) {
  for (const TokenId token : prompt) sampler_.observe_prompt(token);
}

TokenId Generation::draw(std::span<float> logits, GenerationScratch& scratch) {
  ++drawn_;
  if (!job_.logprobs) return sampler_.draw(logits, scratch.sampler);
  scratch.raw_logits.assign(logits.begin(), logits.end());
  const TokenId token = sampler_.draw(logits, scratch.sampler);
  static const Kernels& kernels = default_kernels();
  last_ = token_logprobs(kernels, scratch.raw_logits, token, *job_.logprobs, logits);
  return token;
}

std::optional<FinishReason> Generation::append(TokenId token, std::span<const TokenId> end_tokens) {
  const bool end = !job_.ignore_eos && std::ranges::find(end_tokens, token) != end_tokens.end();
  if (!end) {
    text_ += stops_.push(detokenizer_.push(token));
    if (job_.logprobs) tokens_.push_back(std::move(last_));
  }
  over_ = end || stops_.found() || drawn_ == job_.max_new_tokens;
  if (!over_) return std::nullopt;
  text_ += stops_.push(detokenizer_.finish());
  if (!stops_.found()) text_ += stops_.finish();
  return end || stops_.found() ? FinishReason::kStop : FinishReason::kLength;
}

Generation::Piece Generation::next_piece() {
  Piece piece;
  piece.text = std::string_view(text_).substr(text_out_);
  if (!piece.text.empty() || over_) piece.tokens = std::span(tokens_).subspan(tokens_out_);
  text_out_ += piece.text.size();
  tokens_out_ += piece.tokens.size();
  return piece;
}

EngineResult Generation::take_result(FinishReason reason) {
  return {.finish_reason = reason,
          .text = std::move(text_),
          .tokens = std::move(tokens_),
          .label_scores = {}};
}

}  // namespace qaio
