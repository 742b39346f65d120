// The answer to a GenerateJob while it comes: from logits to tokens to certain text.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/request.h"
#include "engine/sampler.h"
#include "engine/stop_strings.h"
#include "text/tokenizer.h"

namespace qaio {

// Work memory of Generation::draw(), shared by those of one thread.
struct GenerationScratch {
  explicit GenerationScratch(int vocab) : sampler(vocab) {}

  SamplerScratch sampler;
  std::vector<float> raw_logits;  // [vocab] f32: before the sampler's hands were on them
};

// Not thread-safe.
class Generation {
 public:
  // `tokenizer` outlives it.
  Generation(const GenerateJob& job, std::span<const TokenId> prompt, const Tokenizer& tokenizer);

  // The next token. Changes `logits`, [vocab] f32.
  TokenId draw(std::span<float> logits, GenerationScratch& scratch);

  // Adds the token drawn last to the answer; says whether and why the answer is over.
  std::optional<FinishReason> append(TokenId token, std::span<const TokenId> end_tokens);

  // What append() made certain since the last call. Tokens wait for the text they became, at the
  // latest for the answer's end. Valid until the next append().
  struct Piece {
    std::string_view text;
    std::span<const GeneratedToken> tokens;  // with GenerateJob::logprobs

    bool empty() const { return text.empty() && tokens.empty(); }
  };
  Piece next_piece();

  // Once over.
  EngineResult take_result(FinishReason reason);

 private:
  GenerateJob job_;
  Sampler sampler_;
  StreamingDetokenizer detokenizer_;
  StopStrings stops_;
  int drawn_ = 0;
  bool over_ = false;
  GeneratedToken last_;  // with logprobs
  std::string text_;
  std::vector<GeneratedToken> tokens_;
  size_t text_out_ = 0;  // bytes of the text that next_piece() has handed out
  size_t tokens_out_ = 0;
};

}  // namespace qaio
