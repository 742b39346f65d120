#include "weights/packed.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "base/half.h"
#include "weights/dequantize.h"
#include "weights/row_codes.h"

namespace qaio {
namespace {

// Rows of a tile before they are interleaved.
struct TileRows {
  explicit TileRows(int columns)
      : cols(columns), codes(static_cast<size_t>(columns) * kTileRows), scales(kTileRows) {
    for (auto& row : scales) row.resize(columns);
  }
  uint8_t* row(int lane) { return codes.data() + static_cast<size_t>(lane) * cols; }
  uint32_t quad(int lane, int k4) {
    uint32_t four;
    std::memcpy(&four, row(lane) + 4 * k4, 4);
    return four;
  }

  int cols;
  std::vector<uint8_t> codes;     // [16, cols]
  std::vector<RowScales> scales;  // [16]
};

void write_scales(const PackedLayout& layout, TileRows& rows, std::byte* out) {
  const int parts = layout.has_min ? 2 : 1;
  const auto put16 = [](std::byte* at, uint16_t bits) { std::memcpy(at, &bits, 2); };
  for (int lane = 0; lane < kTileRows; ++lane) {
    const RowScales& s = rows.scales[static_cast<size_t>(lane)];
    if (layout.scales == ScaleKind::kF16) {
      for (int g = 0; g < rows.cols / kGroupCols; ++g) {
        std::byte* at = out + g * parts * 32 + lane * 2;
        put16(at, s.d[static_cast<size_t>(g)]);
        if (layout.has_min) put16(at + 32, s.dmin[static_cast<size_t>(g)]);
      }
      continue;
    }
    const int groups = kSuperCols / layout.group;
    for (int super = 0; super < rows.cols / kSuperCols; ++super) {
      std::byte* at = out + super * parts * (32 + groups * 16);
      put16(at + lane * 2, s.d[static_cast<size_t>(super)]);
      if (layout.has_min) put16(at + 32 + lane * 2, s.dmin[static_cast<size_t>(super)]);
      for (int g = 0; g < groups; ++g) {
        const auto index = static_cast<size_t>(super * groups + g);
        std::byte* sub = at + parts * 32 + g * parts * 16 + lane;
        *sub = static_cast<std::byte>(s.sub_scale[index]);
        if (layout.has_min) sub[16] = static_cast<std::byte>(s.sub_min[index]);
      }
    }
  }
}

// Interleaves [16, cols] codes into the chunks packed.h describes, 4 columns of a row at a time.
void write_codes(CodeBits bits, TileRows& rows, std::byte* out) {
  const auto put = [&](size_t offset, int lane, uint32_t four) {
    std::memcpy(out + offset + static_cast<size_t>(lane) * 4, &four, 4);
  };
  for (int g = 0; g < rows.cols / kGroupCols; ++g) {
    for (int lane = 0; lane < kTileRows; ++lane) {
      uint32_t quads[8];
      for (int j = 0; j < 8; ++j) quads[j] = rows.quad(lane, g * 8 + j);
      if (bits == CodeBits::k8) {
        for (int j = 0; j < 8; ++j) put(static_cast<size_t>(g * 8 + j) * 64, lane, quads[j]);
        continue;
      }
      constexpr uint32_t kLow = 0x0F0F0F0F;
      const size_t base = static_cast<size_t>(g) * (bits == CodeBits::k4 ? 256 : 384);
      for (int j = 0; j < 4; ++j) {
        put(base + static_cast<size_t>(j) * 64, lane,
            (quads[j] & kLow) | (quads[j + 4] & kLow) << 4);
      }
      for (int c = 0; c < 2 && bits == CodeBits::k6; ++c) {
        uint32_t upper = 0;
        for (int f = 0; f < 4; ++f) upper |= ((quads[4 * c + f] >> 4) & 0x03030303U) << (2 * f);
        put(base + 256 + static_cast<size_t>(c) * 64, lane, upper);
      }
    }
  }
}

// Rounds f32 values to 8 bits in groups of 32, as Q8_0 does, but against the scale as stored.
void quantize_row(const float* x, int cols, uint8_t* codes, RowScales& scales) {
  for (int g = 0; g < cols / kGroupCols; ++g) {
    float largest = 0;
    for (int k = 0; k < kGroupCols; ++k) largest = std::fmax(largest, std::fabs(x[g * 32 + k]));
    const uint16_t d = f32_to_f16(largest / 127.0F);
    const float scale = f16_to_f32(d);
    const float inverse = scale > 0 ? 1.0F / scale : 0.0F;
    scales.d[static_cast<size_t>(g)] = d;
    for (int k = 0; k < kGroupCols; ++k) {
      const float code = std::nearbyint(x[g * 32 + k] * inverse);
      codes[g * 32 + k] = static_cast<uint8_t>(std::fmax(-127.0F, std::fmin(127.0F, code)) + 128);
    }
  }
}

void pack_float_tile(const TensorView& tensor, const PackedLayout& layout, int tile,
                     std::byte* out) {
  const int cols = static_cast<int>(tensor.cols());
  std::vector<float> x(static_cast<size_t>(cols));
  const size_t element = layout.bits == CodeBits::kF32 ? 4 : 2;
  std::memset(out, 0, static_cast<size_t>(cols) * kTileRows * element);
  for (int lane = 0; lane < kTileRows; ++lane) {
    const int64_t row = static_cast<int64_t>(tile) * kTileRows + lane;
    if (row >= tensor.rows()) break;
    const std::byte* source = tensor.row(row).data();
    if (layout.bits == CodeBits::kF32) dequantize(tensor.type, source, cols, x.data());
    for (int k = 0; k < cols; ++k) {
      std::byte* at =
          out + (static_cast<size_t>(k) * kTileRows + static_cast<size_t>(lane)) * element;
      if (element == 4) {
        std::memcpy(at, &x[static_cast<size_t>(k)], 4);
      } else {
        std::memcpy(at, source + 2 * static_cast<size_t>(k), 2);
      }
    }
  }
}

}  // namespace

PackedLayout packed_layout(TensorType type, WeightsMode mode) {
  using enum CodeBits;
  if (mode == WeightsMode::kF32) return {kF32, ScaleKind::kNone, false, 0, 32};
  switch (type) {
    case TensorType::kF32:
      if (mode == WeightsMode::kNative) return {kF32, ScaleKind::kNone, false, 0, 32};
      break;
    case TensorType::kF16:
      if (mode == WeightsMode::kNative) return {kF16, ScaleKind::kNone, false, 0, 32};
      break;
    case TensorType::kBF16:
      if (mode == WeightsMode::kNative) return {kBF16, ScaleKind::kNone, false, 0, 32};
      break;
    case TensorType::kQ8_0:
      break;
    case TensorType::kQ4_0:
      return {k4, ScaleKind::kF16, false, 8, 32};
    case TensorType::kQ4_1:
      return {k4, ScaleKind::kF16, true, 0, 32};
    case TensorType::kQ5_0:
      return {k6, ScaleKind::kF16, false, 16, 32};
    case TensorType::kQ5_1:
      return {k6, ScaleKind::kF16, true, 0, 32};
    case TensorType::kQ2_K:
      return {k4, ScaleKind::kSuper, true, 0, 16};
    case TensorType::kQ3_K:
      return {k4, ScaleKind::kSuper, false, 4, 16};
    case TensorType::kQ4_K:
      return {k4, ScaleKind::kSuper, true, 0, 32};
    case TensorType::kQ5_K:
      return {k6, ScaleKind::kSuper, true, 0, 32};
    case TensorType::kQ6_K:
      return {k6, ScaleKind::kSuper, false, 32, 16};
  }
  return {k8, ScaleKind::kF16, false, 128, 32};
}

void pack_tile(const TensorView& tensor, const PackedLayout& layout, int tile, std::byte* out) {
  if (layout.is_float()) return pack_float_tile(tensor, layout, tile, out);
  const int cols = static_cast<int>(tensor.cols());
  TileRows rows(cols);
  std::vector<float> x;
  for (int lane = 0; lane < kTileRows; ++lane) {
    const int64_t row = static_cast<int64_t>(tile) * kTileRows + lane;
    if (row >= tensor.rows()) break;  // codes and scales stay zero: scale 0 makes the weight 0
    const std::byte* source = tensor.row(row).data();
    RowScales& scales = rows.scales[static_cast<size_t>(lane)];
    if (!read_row_codes(tensor.type, source, cols, rows.row(lane), scales)) {
      x.resize(static_cast<size_t>(cols));
      dequantize(tensor.type, source, cols, x.data());
      quantize_row(x.data(), cols, rows.row(lane), scales);
    }
  }
  const TileBytes bytes = tile_bytes(layout, cols);
  write_scales(layout, rows, out);
  write_codes(layout.bits, rows, out + bytes.scales);
}

void unpack_row(const PackedView& matrix, int row, float* out) {
  const PackedLayout& layout = matrix.layout;
  const TileBytes bytes = tile_bytes(layout, matrix.cols);
  const int lane = row % kTileRows;
  const std::byte* scales = matrix.data + static_cast<size_t>(row / kTileRows) * bytes.total();
  if (layout.is_float()) {
    for (int k = 0; k < matrix.cols; ++k) {
      const auto index = static_cast<size_t>(k * kTileRows + lane);
      if (layout.bits == CodeBits::kF32) {
        std::memcpy(out + k, scales + 4 * index, 4);
        continue;
      }
      uint16_t half;
      std::memcpy(&half, scales + 2 * index, 2);
      out[k] = layout.bits == CodeBits::kF16 ? f16_to_f32(half) : bf16_to_f32(half);
    }
    return;
  }
  const auto* codes = reinterpret_cast<const uint8_t*>(scales + bytes.scales);
  const int parts = layout.has_min ? 2 : 1;
  const auto half_at = [&](const std::byte* at) {
    uint16_t half;
    std::memcpy(&half, at, 2);
    return f16_to_f32(half);
  };
  const size_t group_bytes = layout.bits == CodeBits::k8   ? 512
                             : layout.bits == CodeBits::k6 ? 384
                                                           : 256;
  for (int quad = 0; quad < matrix.cols / 4; ++quad) {
    float scale;
    float min = 0;
    if (layout.scales == ScaleKind::kF16) {
      const std::byte* at = scales + quad / 8 * parts * 32 + lane * 2;
      scale = half_at(at);
      if (layout.has_min) min = half_at(at + 32);
    } else {
      const int groups = kSuperCols / layout.group;
      const std::byte* super = scales + quad / 64 * parts * (32 + groups * 16);
      const std::byte* sub = super + parts * 32 + quad % 64 * 4 / layout.group * parts * 16 + lane;
      scale = half_at(super + lane * 2) * static_cast<float>(static_cast<int8_t>(*sub));
      if (layout.has_min) {
        min = -(half_at(super + 32 + lane * 2) * static_cast<float>(static_cast<int8_t>(sub[16])));
      }
    }
    const uint8_t* group = codes + static_cast<size_t>(quad / 8) * group_bytes;
    const int j = quad % 8;
    for (int k = 0; k < 4; ++k) {
      const int in_chunk = lane * 4 + k;
      int code;
      if (layout.bits == CodeBits::k8) {
        code = group[j * 64 + in_chunk];
      } else {
        code = (group[j % 4 * 64 + in_chunk] >> (j < 4 ? 0 : 4)) & 15;
        if (layout.bits == CodeBits::k6)
          code |= ((group[256 + j / 4 * 64 + in_chunk] >> (j % 4 * 2)) & 3) << 4;
      }
      out[quad * 4 + k] = scale * static_cast<float>(code - layout.zero) + min;
    }
  }
}

}  // namespace qaio
