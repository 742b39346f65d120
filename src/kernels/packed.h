// Packed weights: the few layouts the matrix kernels read.
//
// A matrix [rows, cols] is cut into tiles of 16 output rows, rows padded with zero weights. One
// 64-byte vector holds 4 consecutive columns of each of the 16 rows, so that one dot-product
// instruction advances 16 outputs by 4 columns against 4 activations broadcast from memory. The
// same bytes serve 512-, 256- and 128-bit vectors.
//
// A tile is its scales, then its codes; both start at multiples of 64 bytes. Codes of 32 columns:
//   8 bits: 8 chunks of 64 bytes; chunk j holds columns 4j..4j+3.                      512 bytes
//   4 bits: 4 chunks; low nibbles of chunk j are columns 4j.., high nibbles 4(j+4)...  256 bytes
//   6 bits: the 4-bit chunks, then 2 chunks of upper bits; bits 2f..2f+1 of chunk c
//           belong to columns 4(4c+f)...                                               384 bytes
// A weight is scale * (code - zero) + min, its code unsigned.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qaio {

inline constexpr int kTileRows = 16;
inline constexpr int kGroupCols = 32;   // columns that share one activation scale
inline constexpr int kSuperCols = 256;  // columns that share one K-quant super-scale

enum class CodeBits : uint8_t {
  k4,
  k6,
  k8,
  kF16,   // no codes: [cols][16 rows] half floats
  kBF16,  // [cols][16 rows] bfloat16
  kF32,   // [cols][16 rows] floats
};

enum class ScaleKind : uint8_t {
  kNone,   // floating-point layouts
  kF16,    // per 32 columns: [16] f16 scales, then [16] f16 mins if has_min
  kSuper,  // per 256 columns: [16] f16 d, [16] f16 dmin if has_min, then per group [16] int8 s and
           // [16] int8 m if has_min; scale = d * s, min = -dmin * m
};

struct PackedLayout {
  CodeBits bits = CodeBits::k8;
  ScaleKind scales = ScaleKind::kF16;
  bool has_min = false;
  uint8_t zero = 0;    // subtracted from every code
  uint8_t group = 32;  // columns per weight scale: 32, or 16 (kSuper only)

  bool operator==(const PackedLayout&) const = default;
  bool is_float() const { return scales == ScaleKind::kNone; }
};

// Bytes of one 16-row tile of `cols` columns (a multiple of 32; of 256 for kSuper).
struct TileBytes {
  size_t scales;  // both rounded up to 64
  size_t codes;
  size_t total() const { return scales + codes; }
};
TileBytes tile_bytes(const PackedLayout& layout, int cols);

// Borrowed view of a packed matrix.
struct PackedView {
  PackedLayout layout;
  int rows = 0;  // as in the model; tiles() * 16 are stored
  int cols = 0;
  const std::byte* data = nullptr;  // 64-byte aligned, tiles() * tile_bytes().total() bytes

  int tiles() const { return (rows + kTileRows - 1) / kTileRows; }
};

}  // namespace qaio
