// Brings every weight type to a packed layout, keeping its dequantized value where the mode allows.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "kernels/packed.h"
#include "weights/tensor.h"

namespace qaio {

// How weights are held and multiplied.
enum class WeightsMode : uint8_t {
  kAuto,    // quantized files as they are; F32/F16/BF16 packed to 8 bits
  kNative,  // F32/F16/BF16 in their own precision with f32 arithmetic; quantized files as kAuto
  kQ8,      // every matrix rounded to 8 bits, whatever the file has
  kQ4,      // every matrix rounded to 4 bits
  kF32,     // everything dequantized to f32 with f32 arithmetic: the reference
};

// "auto", "native", "q8", "q4", "f32"; nullopt for anything else.
std::optional<WeightsMode> weights_mode_from_name(std::string_view name);

PackedLayout packed_layout(TensorType type, WeightsMode mode);

// Packs rows [16 * tile, 16 * tile + 16) of the matrix into `out`, tile_bytes() long; rows past the
// end become zero weights. `tensor` is [rows, cols] with cols a multiple of 32, and `layout` is
// packed_layout() of its type under some mode. Tiles may be packed concurrently.
void pack_tile(const TensorView& tensor, const PackedLayout& layout, int tile, std::byte* out);

// Whether all weights of a tile are numbers: its scales, or what a floating-point layout holds, are
// neither infinite nor NaN. A value that is not makes its group's scale so in rounding, too.
bool tile_is_finite(const PackedLayout& layout, int cols, const std::byte* tile);

// One row of a packed matrix as f32: out [cols].
void unpack_row(const PackedView& matrix, int row, float* out);

}  // namespace qaio
