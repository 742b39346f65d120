// Quantized activations as the matrix kernels read them: int8 codes with one scale per 32 columns,
// x = code * scale.
//
// Tokens are cut into tiles; within a tile everything one group of 32 columns needs lies together,
// so that a kernel reaches all tokens of its tile at constant offsets from one pointer. The record
// of a group and a tile of T tokens:
//   int8 codes[T][32]; float scale[T]; int32 negated_sum[T]; int32 negated_low_sum[T];
//   float scaled_sum[T];
// negated_sum is minus the sum of the 32 codes, negated_low_sum of the first 16 (accumulators start
// from them, to undo the zero of unsigned weight codes); scaled_sum = scale * sum (for minimums).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/packed.h"

namespace qaio {

// AVX2's 16 registers hold an integer and a float sum for each of 6 tokens, and what is multiplied.
// Kernels::tile_tokens() may ask for larger ones.
inline constexpr int kTileTokens = 6;

inline constexpr size_t kGroupRecordBytes = kGroupCols + 4 * 4;  // per token

// Tiles are balanced, the larger ones first: by sixes 56 tokens are 6,6,6,6,6,6,5,5,5,5. A rest of
// two would leave too few independent chains to hide the instructions' latency.
class TokenTiles {
 public:
  explicit TokenTiles(int tokens, int tile_tokens = kTileTokens)
      : count_((tokens + tile_tokens - 1) / tile_tokens),
        size_(tokens / count_),
        larger_(tokens % count_) {}

  int count() const { return count_; }
  int begin(int tile) const { return tile * size_ + std::min(tile, larger_); }
  int tile_of(int token) const {
    const int in_larger = larger_ * (size_ + 1);
    return token < in_larger ? token / (size_ + 1) : larger_ + (token - in_larger) / size_;
  }

 private:
  int count_;
  int size_;    // of the last tiles
  int larger_;  // so many tiles hold one token more
};

struct QuantizedActivations {
  std::byte* data = nullptr;  // bytes(tokens, cols), 4-byte aligned
  int tokens = 0;
  int cols = 0;                   // a multiple of 32
  int tile_tokens = kTileTokens;  // the most in a tile

  static size_t bytes(int tokens, int cols) {
    return static_cast<size_t>(tokens) * static_cast<size_t>(cols / kGroupCols) * kGroupRecordBytes;
  }
  // First record of the tile that starts with token `begin`.
  std::byte* tile(int begin) const { return data + bytes(begin, cols); }
};

// One token's fields in the record of a group.
struct ActivationFields {
  int8_t* codes;  // [32]
  float* scale;
  int32_t* negated_sum;
  int32_t* negated_low_sum;
  float* scaled_sum;
};

// A token's place: `record` of group 0 of its tile, the tile's size, its index in the tile.
struct ActivationPlace {
  std::byte* first_record;
  int tile_tokens;
  int index;

  ActivationFields fields(int group) const {
    const auto tokens = static_cast<size_t>(tile_tokens);
    std::byte* record = first_record + static_cast<size_t>(group) * tokens * kGroupRecordBytes;
    std::byte* words = record + tokens * kGroupCols + static_cast<size_t>(index) * 4;
    return {reinterpret_cast<int8_t*>(record) + index * kGroupCols, reinterpret_cast<float*>(words),
            reinterpret_cast<int32_t*>(words + tokens * 4),
            reinterpret_cast<int32_t*>(words + tokens * 8),
            reinterpret_cast<float*>(words + tokens * 12)};
  }
};

inline ActivationPlace activation_place(const QuantizedActivations& activations, int token) {
  const TokenTiles tiles(activations.tokens, activations.tile_tokens);
  const int tile = tiles.tile_of(token);
  const int begin = tiles.begin(tile);
  return {activations.tile(begin), tiles.begin(tile + 1) - begin, token - begin};
}

}  // namespace qaio
