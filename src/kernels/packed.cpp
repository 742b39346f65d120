#include "kernels/packed.h"

namespace qaio {

TileBytes tile_bytes(const PackedLayout& layout, int cols) {
  const auto round_up = [](size_t bytes) { return (bytes + 63) / 64 * 64; };
  const auto columns = static_cast<size_t>(cols);
  const size_t parts = layout.has_min ? 2 : 1;
  size_t scales = 0;
  if (layout.scales == ScaleKind::kF16) scales = columns / kGroupCols * parts * 32;
  if (layout.scales == ScaleKind::kSuper) {
    scales = columns / kSuperCols * parts * (32 + kSuperCols / layout.group * 16);
  }
  size_t codes = 0;
  switch (layout.bits) {
    case CodeBits::k4:
      codes = columns / 32 * 256;
      break;
    case CodeBits::k6:
      codes = columns / 32 * 384;
      break;
    case CodeBits::k8:
      codes = columns / 32 * 512;
      break;
    case CodeBits::kF16:
    case CodeBits::kBF16:
      codes = columns * 32;
      break;
    case CodeBits::kF32:
      codes = columns * 64;
      break;
  }
  return {round_up(scales), codes};
}

}  // namespace qaio
