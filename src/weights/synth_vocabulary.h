// The vocabulary of a synthesized model; private to weights/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/token.h"

namespace qaio {

// What GGUF stores about a byte-level BPE tokenizer.
struct SynthVocabulary {
  std::vector<std::string> tokens;  // index = id, in the byte-to-unicode spelling of GPT-2
  std::vector<int32_t> types;       // per token: 1 normal, 3 control, 4 user-defined, 5 unused
  std::vector<std::string> merges;  // "left right", best rank first
  TokenId end_of_text = 0;          // <|endoftext|>: begin-of-sequence and padding id
  TokenId end_of_turn = 0;          // <|im_end|>: end-of-sequence id of chat models
};

// From a Hugging Face tokenizer.json, padded with unused "[PAD<id>]" tokens to `size`.
// kCorrupt if it is no BPE tokenizer.json; kInvalidArgument if an id is outside [0, size), or a
// ChatML special is missing.
Result<SynthVocabulary> vocabulary_from_json(std::string_view tokenizer_json, int size);

// 256 bytes, lower-case words built by merges, and three ChatML specials at the end; `size` is at
// least 259 and at most 400,000.
SynthVocabulary generated_vocabulary(int size);
// The same with Qwen3.5's added tokens at the end; of its 248,320 rows the last ones have no token,
// so that each token has its published id. `size` is at least 300.
SynthVocabulary generated_qwen35_vocabulary(int size);

}  // namespace qaio
