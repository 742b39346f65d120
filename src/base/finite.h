// Whether floats, given by their bits, are finite: neither infinite nor NaN. Fast enough for all
// logits of every token (0.6 MB in about 10 us).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace qaio {

// `Bits`: an unsigned type of the format's width. `kExponent`: the bits of its exponent, all of
// which are set in what is not finite; one lowest exponent bit more then carries into the sign.
template <typename Bits, Bits kExponent>
bool finite_bits(const void* values, size_t count) {
  typedef Bits Vector __attribute__((vector_size(16)));
  constexpr size_t kLanes = sizeof(Vector) / sizeof(Bits);
  constexpr Bits kSign = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
  constexpr Bits kLowest = static_cast<Bits>(kSign - kExponent);
  const auto* bytes = static_cast<const std::byte*>(values);
  Vector any = {};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    Vector bits;
    std::memcpy(&bits, bytes + i * sizeof(Bits), sizeof(bits));
    any |= (bits & static_cast<Bits>(~kSign)) + kLowest;
  }
  Bits rest = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) rest = static_cast<Bits>(rest | any[lane]);
  for (; i < count; ++i) {
    Bits bits;
    std::memcpy(&bits, bytes + i * sizeof(Bits), sizeof(bits));
    rest = static_cast<Bits>(rest | ((bits & static_cast<Bits>(~kSign)) + kLowest));
  }
  return (rest & kSign) == 0;
}

inline bool all_finite(std::span<const float> values) {
  return finite_bits<uint32_t, 0x7F800000U>(values.data(), values.size());
}
inline bool all_finite_f16(const void* values, size_t count) {
  return finite_bits<uint16_t, 0x7C00>(values, count);
}
inline bool all_finite_bf16(const void* values, size_t count) {
  return finite_bits<uint16_t, 0x7F80>(values, count);
}

}  // namespace qaio
