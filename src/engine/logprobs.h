// Log-probabilities of tokens as the model gives them.
#pragma once

#include <span>
#include <vector>

#include "engine/request.h"
#include "kernels/kernels.h"

namespace qaio {

// log(sum(exp(logits))), the same bits on every machine; `scratch` is as long and is overwritten.
double log_sum_exp(const Kernels& kernels, std::span<const float> logits, std::span<float> scratch);

// Of `token` and the `top` likeliest, ties to the lower id; from raw logits [vocab].
GeneratedToken token_logprobs(const Kernels& kernels, std::span<const float> logits, TokenId token,
                              int top, std::span<float> scratch);

}  // namespace qaio
