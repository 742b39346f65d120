// Log-probabilities of tokens as the model gives them.
#pragma once

#include <span>
#include <vector>

#include "engine/request.h"

namespace qaio {

// Of `token` and the `top` likeliest, ties to the lower id; from raw logits [vocab].
GeneratedToken token_logprobs(std::span<const float> logits, TokenId token, int top);

}  // namespace qaio
