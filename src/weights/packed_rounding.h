// Rounds plain values to the codes of the packed layouts: the one place where packing loses.
#pragma once

#include <cstdint>

namespace qaio {

// Rounds 32 values to codes [32] with zero 128 (8 bits) or 8 (4 bits), and returns the scale as f16
// bits. A value is about scale * (code - zero); the codes are the nearest for the scale as stored.
//
// 8 bits: the largest magnitude becomes 127, as Q8_0 has it.
uint16_t round_group8(const float* x, uint8_t* codes);
// 4 bits: of several scales around "the largest becomes -8" the one with the least squared error.
uint16_t round_group4(const float* x, uint8_t* codes);

}  // namespace qaio
