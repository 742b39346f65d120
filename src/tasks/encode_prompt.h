// From a rendered conversation to token ids.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/token.h"
#include "text/marked_text.h"
#include "text/tokenizer.h"

namespace qaio {

// The ids of texts between special tokens that were met before.
using SpanCache = std::unordered_map<std::string, std::vector<TokenId>>;

struct EncodedPrompt {
  std::vector<TokenId> ids;
  size_t last_message_tokens = 0;  // of the last text that a message brought
};

// Special tokens come from what the template wrote alone. Ends soon after `tokens_max` tokens: a
// prompt with more of them is a beginning only, and its last message is not counted. `cache` may be
// null; it is used and filled.
EncodedPrompt encode_prompt(const MarkedText& rendered, const Tokenizer& tokenizer,
                            size_t tokens_max, SpanCache* cache = nullptr);

}  // namespace qaio
