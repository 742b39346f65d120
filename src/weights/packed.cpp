#include "weights/packed.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/finite.h"
#include "base/half.h"
#include "weights/dequantize.h"
#include "weights/packed_rounding.h"
#include "weights/row_codes.h"

namespace qaio {
namespace {

// How the columns of a tile are read: `width` at a time, and whether the file's codes are kept.
struct Reading {
  Reading(TensorType type, const PackedLayout& layout)
      : traits(tensor_traits(type)),
        keeps_codes(traits.block_elements > 1 && layout == packed_layout(type, WeightsMode::kAuto)),
        width(std::max(traits.block_elements, kGroupCols)),
        bytes(static_cast<size_t>(width / traits.block_elements * traits.block_bytes)) {}

  const TensorTraits& traits;
  bool keeps_codes;
  int width;
  size_t bytes;  // of `width` columns in the file
};

// `width` columns of the 16 rows before they are interleaved.
struct Columns {
  uint8_t codes[kTileRows][kBlockColsMax] = {};

  uint32_t quad(int lane, int k4) const {
    uint32_t four;
    std::memcpy(&four, codes[lane] + 4 * k4, 4);
    return four;
  }
};

void put16(std::byte* at, uint16_t bits) { std::memcpy(at, &bits, 2); }

// The scales of one block, whose first column is `col`, to their places in the tile.
void write_scales(const PackedLayout& layout, const BlockScales& s, int col, int lane,
                  std::byte* tile) {
  const int parts = layout.has_min ? 2 : 1;
  if (layout.scales == ScaleKind::kF16) {
    std::byte* at = tile + col / kGroupCols * parts * 32 + lane * 2;
    put16(at, s.d);
    if (layout.has_min) put16(at + 32, s.dmin);
    return;
  }
  const int groups = kSuperCols / layout.group;
  std::byte* at = tile + col / kSuperCols * parts * (32 + groups * 16);
  put16(at + lane * 2, s.d);
  if (layout.has_min) put16(at + 32 + lane * 2, s.dmin);
  for (int g = 0; g < groups; ++g) {
    std::byte* sub = at + parts * 32 + g * parts * 16 + lane;
    *sub = static_cast<std::byte>(s.sub_scale[g]);
    if (layout.has_min) sub[16] = static_cast<std::byte>(s.sub_min[g]);
  }
}

// Interleaves a group of 32 columns into the chunks packed.h describes, 4 columns of a row at a
// time.
void write_codes(CodeBits bits, const Columns& columns, int group, std::byte* out) {
  const auto put = [&](int chunk, int lane, uint32_t four) {
    std::memcpy(out + chunk * 64 + lane * 4, &four, 4);
  };
  for (int lane = 0; lane < kTileRows; ++lane) {
    uint32_t quads[8];
    for (int j = 0; j < 8; ++j) quads[j] = columns.quad(lane, group * 8 + j);
    if (bits == CodeBits::k8) {
      for (int j = 0; j < 8; ++j) put(j, lane, quads[j]);
      continue;
    }
    constexpr uint32_t kLow = 0x0F0F0F0F;
    for (int j = 0; j < 4; ++j) put(j, lane, (quads[j] & kLow) | (quads[j + 4] & kLow) << 4);
    for (int c = 0; c < 2 && bits == CodeBits::k6; ++c) {
      uint32_t upper = 0;
      for (int f = 0; f < 4; ++f) upper |= ((quads[4 * c + f] >> 4) & 0x03030303U) << (2 * f);
      put(4 + c, lane, upper);
    }
  }
}

// Brings `reading.width` columns of one row to the layout's codes and writes their scales.
void read_columns(const TensorView& tensor, const Reading& reading, const PackedLayout& layout,
                  const std::byte* source, int col, int lane, Columns& columns, std::byte* tile) {
  uint8_t* codes = columns.codes[lane];
  BlockScales scales;
  if (reading.keeps_codes) {
    read_block_codes(tensor.type, source, codes, scales);
    write_scales(layout, scales, col, lane, tile);
    return;
  }
  float x[kBlockColsMax];
  dequantize(tensor.type, source, reading.width, x);
  for (int k = 0; k < reading.width; k += kGroupCols) {
    scales.d = layout.bits == CodeBits::k8 ? round_group8(x + k, codes + k)
                                           : round_group4(x + k, codes + k);
    write_scales(layout, scales, col + k, lane, tile);
  }
}

// Q4_0 already pairs its nibbles as the tile does, and Q8_0 only counts from another zero: their
// bytes are interleaved as they are. `Quads` of 4 bytes follow the block's scale.
template <int kQuads>
void interleave_blocks(const TensorView& tensor, int64_t first_row, uint32_t flip,
                       size_t scale_bytes, std::byte* out) {
  const auto row_bytes = static_cast<size_t>(tensor.row_bytes());
  const std::byte* rows = tensor.row(first_row).data();
  std::byte* codes = out + scale_bytes;
  constexpr size_t kBlock = 2 + kQuads * 4;
  for (size_t block = 0; block < row_bytes / kBlock; ++block, codes += kQuads * 64) {
    for (size_t lane = 0; lane < kTileRows; ++lane) {
      const std::byte* source = rows + lane * row_bytes + block * kBlock;
      std::memcpy(out + block * 32 + lane * 2, source, 2);
      for (size_t j = 0; j < kQuads; ++j) {
        uint32_t four;
        std::memcpy(&four, source + 2 + j * 4, 4);
        four ^= flip;
        std::memcpy(codes + j * 64 + lane * 4, &four, 4);
      }
    }
  }
}

// A block of columns of all rows at a time, so that the lines written stay in the cache.
void pack_float_tile(const TensorView& tensor, const PackedLayout& layout, int tile,
                     std::byte* out) {
  const int cols = static_cast<int>(tensor.cols());
  const Reading reading(tensor.type, layout);
  const size_t element = layout.bits == CodeBits::kF32 ? 4 : 2;
  const int64_t first_row = static_cast<int64_t>(tile) * kTileRows;
  std::memset(out, 0, static_cast<size_t>(cols) * kTileRows * element);
  float x[kBlockColsMax];
  size_t at = 0;  // bytes into each row of the file
  for (int col = 0; col < cols; col += reading.width, at += reading.bytes) {
    for (int lane = 0; lane < kTileRows && first_row + lane < tensor.rows(); ++lane) {
      const std::byte* source = tensor.row(first_row + lane).data() + at;
      if (layout.bits == CodeBits::kF32) {
        dequantize(tensor.type, source, reading.width, x);
        source = reinterpret_cast<const std::byte*>(x);
      }
      std::byte* to =
          out + (static_cast<size_t>(col) * kTileRows + static_cast<size_t>(lane)) * element;
      for (int k = 0; k < reading.width; ++k, source += element, to += kTileRows * element)
        std::memcpy(to, source, element);
    }
  }
}

}  // namespace

std::optional<WeightsMode> weights_mode_from_name(std::string_view name) {
  if (name == "auto") return WeightsMode::kAuto;
  if (name == "native") return WeightsMode::kNative;
  if (name == "q8") return WeightsMode::kQ8;
  if (name == "q4") return WeightsMode::kQ4;
  if (name == "f32") return WeightsMode::kF32;
  return std::nullopt;
}

PackedLayout packed_layout(TensorType type, WeightsMode mode) {
  using enum CodeBits;
  if (mode == WeightsMode::kF32) return {kF32, ScaleKind::kNone, false, 0, 32};
  if (mode == WeightsMode::kQ8) return {k8, ScaleKind::kF16, false, 128, 32};
  if (mode == WeightsMode::kQ4) return {k4, ScaleKind::kF16, false, 8, 32};
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
    case TensorType::kIQ4_NL:  // whose codes stand for 8-bit numbers
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
  const TileBytes bytes = tile_bytes(layout, cols);
  const Reading reading(tensor.type, layout);
  const int64_t first_row = static_cast<int64_t>(tile) * kTileRows;
  const int rows = static_cast<int>(std::min<int64_t>(tensor.rows() - first_row, kTileRows));
  // rows past the end stay zero, scales included; so does the padding behind the scales
  std::memset(out, 0, bytes.scales);
  if (reading.keeps_codes && rows == kTileRows) {
    if (tensor.type == TensorType::kQ4_0)
      return interleave_blocks<4>(tensor, first_row, 0, bytes.scales, out);
    if (tensor.type == TensorType::kQ8_0)
      return interleave_blocks<8>(tensor, first_row, 0x80808080U, bytes.scales, out);
  }
  Columns columns;
  const size_t group_bytes = bytes.codes / static_cast<size_t>(cols / kGroupCols);
  std::byte* codes = out + bytes.scales;
  size_t at = 0;  // bytes into each row of the file
  for (int col = 0; col < cols; col += reading.width, at += reading.bytes) {
    for (int lane = 0; lane < rows; ++lane) {
      const std::byte* source = tensor.row(first_row + lane).data() + at;
      read_columns(tensor, reading, layout, source, col, lane, columns, out);
    }
    for (int group = 0; group < reading.width / kGroupCols; ++group, codes += group_bytes)
      write_codes(layout.bits, columns, group, codes);
  }
}

bool tile_is_finite(const PackedLayout& layout, int cols, const std::byte* tile) {
  const auto width = static_cast<size_t>(cols);
  switch (layout.bits) {
    case CodeBits::kF32:
      return finite_bits<uint32_t, 0x7F800000U>(tile, width * kTileRows);
    case CodeBits::kF16:
      return all_finite_f16(tile, width * kTileRows);
    case CodeBits::kBF16:
      return all_finite_bf16(tile, width * kTileRows);
    default:
      break;
  }
  const size_t parts = layout.has_min ? 2 : 1;
  if (layout.scales == ScaleKind::kF16)
    return all_finite_f16(tile, width / kGroupCols * parts * kTileRows);
  const size_t super_bytes = parts * (32 + static_cast<size_t>(kSuperCols / layout.group) * 16);
  bool finite = true;
  for (size_t super = 0; super < width / kSuperCols; ++super)
    finite &= all_finite_f16(tile + super * super_bytes, parts * kTileRows);
  return finite;
}

void unpack_row(const PackedView& matrix, int row, float* out) {
  const PackedLayout& layout = matrix.layout;
  const TileBytes bytes = tile_bytes(layout, matrix.cols);
  const int lane = row % kTileRows;
  const std::byte* scales = matrix.data + static_cast<size_t>(row / kTileRows) * bytes.total();
  if (layout.is_float()) {
    for (int k = 0; k < matrix.cols; ++k) {
      const size_t index = static_cast<size_t>(k) * kTileRows + static_cast<size_t>(lane);
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
