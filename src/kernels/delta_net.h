// One value head of a gated delta network over a range of one sequence's tokens: the recurrent
// layers of Qwen3.5. A head has a matrix S [key_dim, value_dim] as its memory. For each token, with
// q and k of unit length behind a causal convolution:
//
//   S = decay * S;  d = beta * (v - S^T k);  S = S + k d^T;  o = S^T q / sqrt(key_dim)
//   out = rms_norm(o) * norm * silu(z)
//
// Columns of S never mix, and a column's sums run over the rows in order, token by token. So an
// output is the same however a prompt is cut, and whatever block of columns is worked on at once.
#pragma once

#include <cstddef>

namespace qaio {

inline constexpr int kConvTapsMax = 8;
inline constexpr int kDeltaDimMax = 256;  // of keys and of values
// Tokens whose convolved rows are held at a time.
inline constexpr int kDeltaTokens = 32;

// S [key_dim, value_dim] lies in blocks of so many columns, each [key_dim, columns]: 16 KiB with
// 128 keys, which stays in the first-level cache while tokens pass.
inline int delta_block_columns(int value_dim) { return value_dim % 32 == 0 ? 32 : 16; }

// A part of a convolution's channels: what goes in, the taps, and what went in before.
struct ConvChannels {
  const float* inputs = nullptr;  // [tokens, input_stride], the first channel of this part
  const float* taps = nullptr;    // [conv_taps, tap_stride], the last tap is of the token itself
  // [conv_taps - 1, window_stride]: inputs before the first token, the oldest first.
  const float* window = nullptr;
  size_t window_stride = 0;
  // [conv_taps - 1, window_out_stride]: gets those before the token behind the last one. May be
  // `window`, or null.
  float* window_out = nullptr;
  size_t window_out_stride = 0;
};

struct DeltaNetArgs {
  int tokens = 0;
  int key_dim = 0;              // a multiple of 16, at most kDeltaDimMax
  int value_dim = 0;            // likewise
  int conv_taps = 0;            // at least 1, at most kConvTapsMax
  size_t input_stride = 0;      // in floats
  size_t tap_stride = 0;        // in floats
  ConvChannels q, k, v;         // [key_dim], [key_dim], [value_dim] channels
  const float* z = nullptr;     // [tokens, input_stride]: value_dim gates of the output
  const float* a = nullptr;     // [tokens, input_stride]: one number, of the decay
  const float* b = nullptr;     // [tokens, input_stride]: one number, of beta
  float decay_rate = 0;         // -exp(A_log)
  float time_bias = 0;          // decay = exp(decay_rate * softplus(a + time_bias))
  const float* norm = nullptr;  // [value_dim]
  float epsilon = 0;
  // In blocks, see above. `from`: before the first token, null: zeros. `to`: behind the last one;
  // may be `from`.
  const float* state_from = nullptr;
  float* state_to = nullptr;
  float* out = nullptr;  // [tokens, out_stride]: value_dim columns
  size_t out_stride = 0;
  float* scratch = nullptr;  // delta_net_scratch_floats(), 64-byte aligned, per thread
};

inline size_t delta_net_scratch_floats(int key_dim, int value_dim) {
  return static_cast<size_t>(kDeltaTokens) *
         (2 * static_cast<size_t>(key_dim) + 2 * static_cast<size_t>(value_dim) + 2);
}

}  // namespace qaio
