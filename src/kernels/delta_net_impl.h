// The gated delta rule, for the ISA whose simd_*.h was included before. See delta_net.h.
#pragma once

#include "kernels/delta_net.h"
#include "kernels/vector_impl.h"

namespace qaio {
namespace {

inline F32x16 sigmoid(F32x16 x) {
  return div(set1(1.0F), add(set1(1.0F), exp(sub(set1(0.0F), x))));
}
inline F32x16 silu(F32x16 x) { return mul(x, sigmoid(x)); }

// log(1 + e^x). For t = e^-|x| in (0, 1], log(1 + t) = 2 atanh(s) with s = t / (2 + t) <= 1/3: the
// series to s^17, whose remainder is below 2^-28 of it.
inline F32x16 softplus(F32x16 x) {
  const F32x16 t = exp(sub(set1(0.0F), abs(x)));
  const F32x16 s = div(t, add(set1(2.0F), t));
  const F32x16 s2 = mul(s, s);
  F32x16 p = set1(1.0F / 17);
  p = fma(p, s2, set1(1.0F / 15));
  p = fma(p, s2, set1(1.0F / 13));
  p = fma(p, s2, set1(1.0F / 11));
  p = fma(p, s2, set1(1.0F / 9));
  p = fma(p, s2, set1(1.0F / 7));
  p = fma(p, s2, set1(1.0F / 5));
  p = fma(p, s2, set1(1.0F / 3));
  p = fma(p, s2, set1(1.0F));
  return fma(mul(set1(2.0F), s), p, max(x, set1(0.0F)));
}

// Where the inputs of a token's convolution lie, the oldest first.
struct ConvRows {
  const float* row[kConvTapsMax];
};
inline ConvRows conv_rows(const DeltaNetArgs& args, const ConvChannels& channels, int token) {
  ConvRows rows{};
  for (int tap = 0; tap < args.conv_taps; ++tap) {
    const int from = token - args.conv_taps + 1 + tap;
    rows.row[tap] = from >= 0 ? channels.inputs + static_cast<size_t>(from) * args.input_stride
                              : channels.window + static_cast<size_t>(from + args.conv_taps - 1) *
                                                      channels.window_stride;
  }
  return rows;
}

// out [channels] = silu(convolution) of one token; returns the squares' sum.
inline float convolve(const DeltaNetArgs& args, const ConvChannels& part, int token, int channels,
                      float* out) {
  const ConvRows rows = conv_rows(args, part, token);
  F32x16 squares = set1(0);
  for (int i = 0; i < channels; i += 16) {
    F32x16 sum = mul(load(part.taps + i), load(rows.row[0] + i));
    for (int tap = 1; tap < args.conv_taps; ++tap) {
      sum = fma(load(part.taps + static_cast<size_t>(tap) * args.tap_stride + i),
                load(rows.row[tap] + i), sum);
    }
    const F32x16 y = silu(sum);
    store(out + i, y);
    squares = fma(y, y, squares);
  }
  return sum(squares);
}

// x / sqrt(sum of squares + 1e-6) * scale
inline void scale_to_unit(float* x, int n, float squares, float scale) {
  const F32x16 factor = set1(scale / __builtin_sqrtf(squares + 1e-6F));
  for (int i = 0; i < n; i += 16) store(x + i, mul(load(x + i), factor));
}

inline void move_window(const DeltaNetArgs& args, const ConvChannels& part, int channels) {
  if (part.window_out == nullptr) return;
  for (int i = 0; i + 1 < args.conv_taps; ++i) {  // ascending: it may be moved in place
    const float* from = conv_rows(args, part, args.tokens).row[i];
    float* to = part.window_out + static_cast<size_t>(i) * part.window_out_stride;
    for (int c = 0; c < channels; c += 16) store(to + c, load(from + c));
  }
}

// Convolved rows of a chunk of tokens, and the gates of its head.
struct DeltaChunk {
  int tokens;
  float* q;      // [tokens, key_dim]
  float* k;      // [tokens, key_dim]
  float* v;      // [tokens, value_dim]
  float* o;      // [tokens, value_dim]
  float* decay;  // [kDeltaTokens]
  float* beta;   // [kDeltaTokens]
};

inline void make_gates(const DeltaNetArgs& args, int first, const DeltaChunk& chunk) {
  for (int begin = 0; begin < chunk.tokens; begin += 16) {
    float a[16] = {};
    float b[16] = {};
    for (int t = begin; t < chunk.tokens && t < begin + 16; ++t) {
      a[t - begin] = args.a[static_cast<size_t>(first + t) * args.input_stride];
      b[t - begin] = args.b[static_cast<size_t>(first + t) * args.input_stride];
    }
    const F32x16 time = softplus(add(load(a), set1(args.time_bias)));
    store(chunk.decay + begin, exp(mul(set1(args.decay_rate), time)));
    store(chunk.beta + begin, sigmoid(load(b)));
  }
}

// V vectors of columns of S through the tokens of a chunk. What the next token reads of S is summed
// while this one's is written, so that S is loaded and stored once per token.
template <int V>
inline void delta_columns(const DeltaNetArgs& args, const DeltaChunk& chunk, const float* from,
                          float* to, int column) {
  constexpr int kColumns = V * 16;
  const int keys = args.key_dim;
  F32x16 read[V];  // S^T k, before the decay
  for (int c = 0; c < V; ++c) read[c] = set1(0);
  if (from != nullptr) {
    for (int r = 0; r < keys; ++r) {
      const F32x16 k = set1(chunk.k[r]);
      for (int c = 0; c < V; ++c) read[c] = fma(k, load(from + r * kColumns + c * 16), read[c]);
    }
  } else {
    for (int i = 0; i < keys * kColumns; i += 16) store(to + i, set1(0));
    from = to;
  }
  for (int t = 0; t < chunk.tokens; ++t) {
    const float* k = chunk.k + static_cast<size_t>(t) * keys;
    const float* q = chunk.q + static_cast<size_t>(t) * keys;
    const float* next = t + 1 < chunk.tokens ? k + keys : k;  // of the last one nobody asks
    const size_t at = static_cast<size_t>(t) * args.value_dim + column;
    const F32x16 decay = set1(chunk.decay[t]);
    const F32x16 beta = set1(chunk.beta[t]);
    F32x16 delta[V], o[V];
    for (int c = 0; c < V; ++c) {
      delta[c] = mul(beta, sub(load(chunk.v + at + c * 16), mul(decay, read[c])));
      o[c] = read[c] = set1(0);
    }
    for (int r = 0; r < keys; ++r) {
      const F32x16 k_r = set1(k[r]);
      const F32x16 q_r = set1(q[r]);
      const F32x16 next_r = set1(next[r]);
      for (int c = 0; c < V; ++c) {
        const F32x16 s = fma(k_r, delta[c], mul(load(from + r * kColumns + c * 16), decay));
        store(to + r * kColumns + c * 16, s);
        o[c] = fma(q_r, s, o[c]);
        read[c] = fma(next_r, s, read[c]);
      }
    }
    for (int c = 0; c < V; ++c) store(chunk.o + at + c * 16, o[c]);
    from = to;
  }
}

inline void write_outputs(const DeltaNetArgs& args, int first, const DeltaChunk& chunk) {
  for (int t = 0; t < chunk.tokens; ++t) {
    float* o = chunk.o + static_cast<size_t>(t) * args.value_dim;
    const float* z = args.z + static_cast<size_t>(first + t) * args.input_stride;
    float* out = args.out + static_cast<size_t>(first + t) * args.out_stride;
    rms_norm(o, args.norm, args.epsilon, args.value_dim, o);
    for (int i = 0; i < args.value_dim; i += 16)
      store(out + i, mul(load(o + i), silu(load(z + i))));
  }
}

void delta_net(const DeltaNetArgs& args) {
  const auto keys = static_cast<size_t>(args.key_dim);
  const auto values = static_cast<size_t>(args.value_dim);
  DeltaChunk chunk{};
  chunk.q = args.scratch;
  chunk.k = chunk.q + kDeltaTokens * keys;
  chunk.v = chunk.k + kDeltaTokens * keys;
  chunk.o = chunk.v + kDeltaTokens * values;
  chunk.decay = chunk.o + kDeltaTokens * values;
  chunk.beta = chunk.decay + kDeltaTokens;
  const float unit = 1.0F / __builtin_sqrtf(static_cast<float>(args.key_dim));
  const int columns = delta_block_columns(args.value_dim);
  for (int first = 0; first < args.tokens; first += kDeltaTokens) {
    chunk.tokens = args.tokens - first < kDeltaTokens ? args.tokens - first : kDeltaTokens;
    for (int t = 0; t < chunk.tokens; ++t) {
      float* q = chunk.q + static_cast<size_t>(t) * keys;
      float* k = chunk.k + static_cast<size_t>(t) * keys;
      scale_to_unit(q, args.key_dim, convolve(args, args.q, first + t, args.key_dim, q), unit);
      scale_to_unit(k, args.key_dim, convolve(args, args.k, first + t, args.key_dim, k), 1.0F);
      convolve(args, args.v, first + t, args.value_dim, chunk.v + static_cast<size_t>(t) * values);
    }
    make_gates(args, first, chunk);
    for (int column = 0; column < args.value_dim; column += columns) {
      const size_t block = static_cast<size_t>(column) * keys;
      const float* from = first > 0 ? args.state_to : args.state_from;
      if (from != nullptr) from += block;
      if (columns == 32) {
        delta_columns<2>(args, chunk, from, args.state_to + block, column);
      } else {
        delta_columns<1>(args, chunk, from, args.state_to + block, column);
      }
    }
    write_outputs(args, first, chunk);
  }
  move_window(args, args.q, args.key_dim);
  move_window(args, args.k, args.key_dim);
  move_window(args, args.v, args.value_dim);
}

// x[i] *= sigmoid(gate[i]); n is a multiple of 16.
void sigmoid_gate(const float* gate, int n, float* x) {
  for (int i = 0; i < n; i += 16) store(x + i, mul(load(x + i), sigmoid(load(gate + i))));
}

}  // namespace
}  // namespace qaio
