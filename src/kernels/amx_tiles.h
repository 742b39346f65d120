// Tile registers: what amx_impl.h needs of AMX-INT8. amx_tiles_emulated.h has the same in plain
// C++.
#pragma once

#include <cstdint>

#include "kernels/packed.h"

namespace qaio {
namespace {

// Configures this thread's tile registers 0, 1 and 2 as sums [tokens, 16] int32, activations
// [tokens, part_cols] int8 and weights [part_cols / 4, 16, 4] int8, until it is destroyed.
class AmxTiles {
 public:
  AmxTiles(int tokens, int part_cols) {
    Config config;
    config.set(0, tokens, kTileRows * 4);
    config.set(1, tokens, part_cols);
    config.set(2, part_cols / 4, kTileRows * 4);
    // The intrinsic would let the compiler drop the stores to `config` (GCC 12).
    asm volatile("ldtilecfg %0" : : "m"(config));
  }
  ~AmxTiles() { asm volatile("tilerelease"); }  // or every switch of threads saves 8 KiB
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;

  // sums [tokens, 16] = activations [tokens, part_cols], rows 32 bytes apart, * weights.
  [[gnu::always_inline]] void multiply(const int8_t* activations, const uint8_t* weights,
                                       int32_t (*sums)[kTileRows]) const {
    asm volatile(
        "tilezero %%tmm0\n\t"
        "tileloadd (%0,%1,1), %%tmm1\n\t"
        "tileloadd (%2,%3,1), %%tmm2\n\t"
        "tdpbssd %%tmm2, %%tmm1, %%tmm0\n\t"
        "tilestored %%tmm0, (%4,%3,1)"
        :
        : "r"(activations), "r"(int64_t{kGroupCols}), "r"(weights), "r"(int64_t{kTileRows * 4}),
          "r"(sums)
        : "memory");
  }

 private:
  struct alignas(64) Config {  // what ldtilecfg reads
    uint8_t palette = 1;
    uint8_t start_row = 0;
    uint8_t reserved[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};

    void set(int tile, int tile_rows, int bytes) {
      rows[tile] = static_cast<uint8_t>(tile_rows);
      row_bytes[tile] = static_cast<uint16_t>(bytes);
    }
  };
  static_assert(sizeof(Config) == 64);
};

}  // namespace
}  // namespace qaio
