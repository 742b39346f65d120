// How well a model predicts a text.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/result.h"
#include "base/token.h"
#include "model/model.h"

namespace qaio {

struct Perplexity {
  double nats = 0;      // sum of -ln P(token | those before it in its window)
  uint64_t scored = 0;  // tokens in that sum

  double nats_per_token() const { return scored == 0 ? 0 : nats / static_cast<double>(scored); }
  double value() const;  // e to that
};

// Windows of `context` tokens, each half a window after the last; of a window the tokens not yet
// scored are, so that every token but the first is scored once, and all past the first window with
// at least half a window before them. (As Hugging Face computes it with a stride of half a window.)
//
// The model's KV memory must hold `context` positions: kResourceExhausted. kInvalidArgument for
// fewer than two ids or a context below 2. `progress` gets the share done.
Result<Perplexity> measure_perplexity(Model& model, std::span<const TokenId> ids, int context,
                                      const std::function<void(double)>& progress = {});

}  // namespace qaio
