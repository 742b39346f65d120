// amx_tiles.h in plain C++, so that any CPU with AVX-512 can test what surrounds the tiles.
#pragma once

#include <cstdint>

#include "kernels/packed.h"

namespace qaio {
namespace {

class AmxTiles {
 public:
  AmxTiles(int tokens, int part_cols) : tokens_(tokens), part_cols_(part_cols) {}

  void multiply(const int8_t* activations, const uint8_t* weights,
                int32_t (*sums)[kTileRows]) const {
    for (int t = 0; t < tokens_; ++t) {
      for (int row = 0; row < kTileRows; ++row) {
        int32_t sum = 0;
        for (int k = 0; k < part_cols_; ++k) {
          const auto weight = static_cast<int8_t>(weights[(k / 4 * kTileRows + row) * 4 + k % 4]);
          sum += weight * activations[t * kGroupCols + k];
        }
        sums[t][row] = sum;
      }
    }
  }

 private:
  int tokens_;
  int part_cols_;
};

}  // namespace
}  // namespace qaio
