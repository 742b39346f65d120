#include "kernels/reference.h"

#include <cmath>
#include <cstring>

#include "base/half.h"

namespace qaio::reference {
namespace {

const std::byte* tile_scales(const PackedView& weights, int row) {
  return weights.data +
         static_cast<size_t>(row / kTileRows) * tile_bytes(weights.layout, weights.cols).total();
}

float f16_at(const std::byte* base, int index) {
  uint16_t half;
  std::memcpy(&half, base + 2 * index, 2);
  return f16_to_f32(half);
}

// Where the bits of a code live: byte offset in the tile's codes and shift; `upper` for the two top
// bits of 6-bit codes.
struct CodePlace {
  size_t byte;
  int shift;
  size_t upper_byte;
  int upper_shift;
};

CodePlace place(CodeBits bits, int row, int col) {
  const int lane = row % kTileRows;
  const size_t group = static_cast<size_t>(col) / 32;
  const int quad = col % 32 / 4;  // which 4 columns of the 32
  const size_t in_chunk = static_cast<size_t>(lane) * 4 + static_cast<size_t>(col % 4);
  if (bits == CodeBits::k8)
    return {group * 512 + static_cast<size_t>(quad) * 64 + in_chunk, 0, 0, 0};
  const size_t base = group * (bits == CodeBits::k4 ? 256 : 384);
  return {base + static_cast<size_t>(quad % 4) * 64 + in_chunk, quad < 4 ? 0 : 4,
          base + 256 + static_cast<size_t>(quad / 4) * 64 + in_chunk, quad % 4 * 2};
}

}  // namespace

int code_at(const PackedView& weights, int row, int col) {
  const CodeBits bits = weights.layout.bits;
  const std::byte* codes =
      tile_scales(weights, row) + tile_bytes(weights.layout, weights.cols).scales;
  const CodePlace at = place(bits, row, col);
  const int byte = static_cast<int>(codes[at.byte]);
  if (bits == CodeBits::k8) return byte;
  const int low = (byte >> at.shift) & 15;
  if (bits == CodeBits::k4) return low;
  return low | ((static_cast<int>(codes[at.upper_byte]) >> at.upper_shift) & 3) << 4;
}

void set_code(const PackedLayout& layout, int cols, std::byte* data, int row, int col, int code) {
  const TileBytes bytes = tile_bytes(layout, cols);
  std::byte* codes = data + static_cast<size_t>(row / kTileRows) * bytes.total() + bytes.scales;
  const CodePlace at = place(layout.bits, row, col);
  if (layout.bits == CodeBits::k8) {
    codes[at.byte] = static_cast<std::byte>(code);
    return;
  }
  codes[at.byte] &= static_cast<std::byte>(0xF0 >> at.shift);
  codes[at.byte] |= static_cast<std::byte>((code & 15) << at.shift);
  if (layout.bits == CodeBits::k6) {
    codes[at.upper_byte] &= static_cast<std::byte>(~(3 << at.upper_shift));
    codes[at.upper_byte] |= static_cast<std::byte>((code >> 4) << at.upper_shift);
  }
}

Scale scale_at(const PackedView& weights, int row, int col) {
  const PackedLayout& layout = weights.layout;
  const std::byte* scales = tile_scales(weights, row);
  const int lane = row % kTileRows;
  const int parts = layout.has_min ? 2 : 1;
  if (layout.scales == ScaleKind::kF16) {
    const std::byte* group = scales + col / 32 * parts * 32;
    return {f16_at(group, lane), layout.has_min ? f16_at(group, lane + 16) : 0.0F};
  }
  const int groups = kSuperCols / layout.group;
  const std::byte* super = scales + col / kSuperCols * parts * (32 + groups * 16);
  const std::byte* sub = super + parts * 32 + col % kSuperCols / layout.group * parts * 16;
  const float d = f16_at(super, lane);
  const float s = static_cast<int8_t>(sub[lane]);
  if (!layout.has_min) return {d * s, 0.0F};
  const float m = static_cast<int8_t>(sub[lane + 16]);
  return {d * s, -(f16_at(super, lane + 16) * m)};
}

float weight_at(const PackedView& weights, int row, int col) {
  const std::byte* tile = tile_scales(weights, row);
  const int index = col * kTileRows + row % kTileRows;
  uint16_t half = 0;
  switch (weights.layout.bits) {
    case CodeBits::kF32: {
      float value;
      std::memcpy(&value, tile + 4 * static_cast<size_t>(index), 4);
      return value;
    }
    case CodeBits::kF16:
      return f16_at(tile, index);
    case CodeBits::kBF16:
      std::memcpy(&half, tile + 2 * static_cast<size_t>(index), 2);
      return bf16_to_f32(half);
    default:
      break;
  }
  const Scale s = scale_at(weights, row, col);
  return s.scale * static_cast<float>(code_at(weights, row, col) - weights.layout.zero) + s.min;
}

namespace {

float dot_codes(const MatmulArgs& args, int token, int row) {
  const PackedView& w = args.weights;
  const int group = w.layout.group;
  float f = 0;
  for (int g = 0; g < w.cols / 32; ++g) {
    const ActivationFields x = activation_place(args.quantized, token).fields(g);
    const float a_scale = *x.scale;
    int sums[2] = {0, 0};
    int plain[2] = {0, 0};
    for (int k = 0; k < 32; ++k) {
      sums[k / group] += (code_at(w, row, g * 32 + k) - w.layout.zero) * x.codes[k];
      plain[k / group] += x.codes[k];
    }
    for (int h = 0; h < 32 / group; ++h) {
      const Scale s = scale_at(w, row, g * 32 + h * group);
      f = std::fma(static_cast<float>(sums[h]), s.scale * a_scale, f);
    }
    for (int h = 0; h < 32 / group && w.layout.has_min; ++h) {
      const Scale s = scale_at(w, row, g * 32 + h * group);
      f = std::fma(s.min, a_scale * static_cast<float>(plain[h]), f);
    }
  }
  return f;
}

float dot_floats(const MatmulArgs& args, int token, int row) {
  float f = 0;
  for (int k = 0; k < args.weights.cols; ++k) {
    f = std::fma(weight_at(args.weights, row, k),
                 args.floats[static_cast<size_t>(token) * args.float_stride + k], f);
  }
  return f;
}

}  // namespace

void matmul(const MatmulArgs& args) {
  for (int token = 0; token < args.tokens; ++token) {
    for (int row = 0; row < args.weights.rows; ++row) {
      float f = args.weights.layout.is_float() ? dot_floats(args, token, row)
                                               : dot_codes(args, token, row);
      if (args.bias != nullptr) f += args.bias[row];
      float& out = args.out[static_cast<size_t>(token) * args.out_stride + row];
      out = args.accumulate ? out + f : f;
    }
  }
}

void quantize(const float* x, const QuantizedActivations& out, int token) {
  for (int g = 0; g < out.cols / 32; ++g) {
    const ActivationFields to = activation_place(out, token).fields(g);
    float largest = 0;
    for (int k = 0; k < 32; ++k) largest = std::fmax(largest, std::fabs(x[g * 32 + k]));
    const float inverse = largest > 0 ? 127.0F / largest : 0.0F;
    *to.scale = largest / 127.0F;
    *to.negated_sum = *to.negated_low_sum = 0;
    for (int k = 0; k < 32; ++k) {
      const int code = static_cast<int>(std::nearbyint(x[g * 32 + k] * inverse));
      to.codes[k] = static_cast<int8_t>(code);
      *to.negated_sum -= code;
      if (k < 16) *to.negated_low_sum -= code;
    }
    *to.scaled_sum = *to.scale * static_cast<float>(-*to.negated_sum);
  }
}

void rms_norm(const float* x, const float* weight, float epsilon, int n, float* out) {
  double squares = 0;
  for (int i = 0; i < n; ++i) squares += static_cast<double>(x[i]) * x[i];
  const double scale = 1.0 / std::sqrt(squares / n + epsilon);
  for (int i = 0; i < n; ++i) out[i] = static_cast<float>(x[i] * scale * weight[i]);
}

void swiglu(const float* gate, const float* up, int n, float* out) {
  for (int i = 0; i < n; ++i) {
    out[i] = static_cast<float>(gate[i] / (1.0 + std::exp(-static_cast<double>(gate[i]))) * up[i]);
  }
}

float exponentials(const float* x, float max, float scale, int n, float* out) {
  double sum = 0;
  for (int i = 0; i < n; ++i) {
    const double weight = std::exp((static_cast<double>(x[i]) - max) * scale);
    out[i] = static_cast<float>(weight);
    sum += weight;
  }
  return static_cast<float>(sum);
}

void attention(const AttentionArgs& args) {
  const auto f32_at = [](const std::byte* block, int index) {
    float value;
    std::memcpy(&value, block + 4 * static_cast<size_t>(index), 4);
    return value;
  };
  const auto element = [&](const std::byte* block, int index, int slot) {
    if (args.kv_type == KvType::kF16) return f16_at(block, index);
    if (args.kv_type == KvType::kF32) return f32_at(block, index);
    const std::byte* scales = block + static_cast<size_t>(args.head_dim) * 32;
    return static_cast<float>(static_cast<int8_t>(block[index])) * f32_at(scales, slot);
  };
  for (int row = 0; row < args.rows; ++row) {
    const float* q = args.q + static_cast<size_t>(row) * args.q_stride;
    std::vector<double> weights;
    double largest = -1e300;
    for (int key = 0; key <= args.positions[row]; ++key) {
      double score = 0;
      for (int d = 0; d < args.head_dim; ++d) {
        score += static_cast<double>(q[d]) *
                 element(args.key_blocks[key / 32], d * 32 + key % 32, key % 32);
      }
      weights.push_back(score * args.scale);
      largest = std::fmax(largest, weights.back());
    }
    double total = 0;
    for (double& weight : weights) total += weight = std::exp(weight - largest);
    for (int d = 0; d < args.head_dim; ++d) {
      double sum = 0;
      for (int key = 0; key <= args.positions[row]; ++key) {
        sum += weights[static_cast<size_t>(key)] *
               element(args.value_blocks[key / 32], key % 32 * args.head_dim + d, key % 32);
      }
      args.out[static_cast<size_t>(row) * args.out_stride + d] = static_cast<float>(sum / total);
    }
  }
}

}  // namespace qaio::reference
