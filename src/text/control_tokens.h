// Tokens that steer a model, whatever a file calls them: only prompt templates may write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace qaio {

// Whether plain text must never give this added token: it is special, or spelled as Qwen's marks
// are ("<|...|>", "<think>", "<tool_call>", ...).
bool is_control_token(const Vocabulary::AddedToken& token);

// The vocabulary's added tokens, with what its source forgot: marks of a conversation that stand
// among the ordinary tokens or are not called special. `corrections` receives a sentence for each
// kind of mistake found. "<think>" and its like are never special, since clients look for them.
std::vector<Vocabulary::AddedToken> with_control_tokens(const Vocabulary& vocabulary,
                                                        std::vector<std::string>* corrections);

}  // namespace qaio
