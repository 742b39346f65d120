// The compute kernels of one instruction set. Results are batch-invariant: an output row of a token
// depends on that token's inputs only, in a fixed order of operations. All ISAs round alike.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/activations.h"
#include "kernels/delta_net.h"
#include "kernels/isa.h"
#include "kernels/packed.h"

namespace qaio {

struct MatmulArgs {
  PackedView weights;              // [rows, cols]
  QuantizedActivations quantized;  // [tokens, cols], for integer layouts
  const float* floats = nullptr;   // [tokens, float_stride], for floating-point layouts
  size_t float_stride = 0;         // in floats, at least cols
  int tokens = 0;
  const float* bias = nullptr;       // [rows] or null
  float* out = nullptr;              // [tokens, out_stride], rows of this matrix first
  size_t out_stride = 0;             // in floats, at least rows
  float* const* out_rows = nullptr;  // [tokens] pointers, instead of out and out_stride
  bool accumulate = false;           // out += instead of out =
  std::byte* scratch = nullptr;      // matmul_scratch_bytes(cols), 64-byte aligned, per thread
  // Weights that this thread reads after these: fetched while the last tile is multiplied. Or null.
  const std::byte* next = nullptr;
};
// A tile expanded for many tokens: a byte per code, f32 scales and minimums per 16 columns.
inline size_t matmul_scratch_bytes(int cols) { return static_cast<size_t>(cols) * (16 + 4 + 4); }

enum class KvType : uint8_t { kF16, kF32, kQ8 };

// Bytes of a block of keys or of values: 32 positions of one KV head. kQ8 is int8 codes and behind
// them a float scale for each position.
inline size_t kv_block_bytes(KvType type, int head_dim) {
  const size_t elements = static_cast<size_t>(head_dim) * 32;
  if (type == KvType::kQ8) return elements + 32 * sizeof(float);
  return elements * (type == KvType::kF16 ? 2 : 4);
}

struct KvBlock {
  const std::byte* keys = nullptr;
  const std::byte* values = nullptr;
};

// One sequence's cached keys and values of one layer and one KV head, in blocks of 32 positions:
// keys [head_dim, 32], values [32, head_dim], both of KvType.
struct AttentionArgs {
  const float* q = nullptr;  // [rows, head_dim], row r at q + r * q_stride
  size_t q_stride = 0;       // in floats
  float* out = nullptr;      // as q, stride out_stride
  size_t out_stride = 0;
  const int32_t* positions = nullptr;  // [rows]: row r sees keys [0, positions[r]]
  int rows = 0;
  int head_dim = 0;  // multiple of 16, at most 256
  float scale = 0;   // applied to q . k
  KvType kv_type = KvType::kF16;
  const std::byte* const* key_blocks = nullptr;    // [blocks]
  const std::byte* const* value_blocks = nullptr;  // [blocks]
  KvBlock next{};  // what this thread attends to after these: fetched with the last block. Or null.
};

struct Kernels {
  Isa isa;
  // Rows [16 * tile_begin, 16 * tile_end) of out = weights * x + bias.
  void (*matmul)(const MatmulArgs& args, int tile_begin, int tile_end);
  // One token: x [out.cols] into its place in `out`.
  void (*quantize)(const float* x, const QuantizedActivations& out, int token);
  // out[i] = x[i] / rms(x) * weight[i]; n is a multiple of 16; out may be x.
  void (*rms_norm)(const float* x, const float* weight, float epsilon, int n, float* out);
  // out[i] = silu(gate[i]) * up[i]; n is a multiple of 16; out may be gate.
  void (*swiglu)(const float* gate, const float* up, int n, float* out);
  // Rotates x [rotary_dim] in place, HF's half-split convention; cos, sin [rotary_dim / 2].
  void (*rotate)(float* x, const float* cos, const float* sin, int rotary_dim);
  // The largest of n values, -infinity if there is none; NaN is passed over.
  float (*max_of)(const float* x, int n);
  // out[i] = exp((x[i] - max) * scale), 0 below e^-87; max is that of x. Returns their sum, good to
  // about five digits.
  float (*exponentials)(const float* x, float max, float scale, int n, float* out);
  // Streaming-softmax attention of a few query rows over the cached blocks.
  void (*attention)(const AttentionArgs& args);
  // Writes one position of one KV head into its block: key [head_dim] to column `slot`, value
  // [head_dim] to row `slot`.
  void (*store_kv)(const float* key, const float* value, int head_dim, int slot, KvType type,
                   std::byte* key_block, std::byte* value_block);
  // A value head of a gated delta network over the tokens of a sequence; see delta_net.h.
  void (*delta_net)(const DeltaNetArgs& args);
  // x[i] *= sigmoid(gate[i]); n is a multiple of 16.
  void (*sigmoid_gate)(const float* gate, int n, float* x);
  // QuantizedActivations::tile_tokens as matmul wants it for so many tokens.
  int (*tile_tokens)(int tokens) = [](int) { return kTileTokens; };
};

// The kernels of an ISA that isas_available() lists.
const Kernels& kernels_for(Isa isa);
// Those of the ISA that QAIO_ISA forces, or of the best one if it names none that can run here.
const Kernels& default_kernels();

}  // namespace qaio
