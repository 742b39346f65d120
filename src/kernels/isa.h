// Which instruction set the kernels use: the best the CPU has, or the one QAIO_ISA names.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace qaio {

enum class Isa : uint8_t {
  kScalar,      // plain C++, every platform
  kAvx2,        // AVX2 + FMA + F16C; int8 products by vpmaddubsw
  kAvxVnni,     // the same with 256-bit vpdpbusd
  kAvx512Vnni,  // AVX-512 F/BW/DQ/VL with 512-bit vpdpbusd
  kAmx,         // the same with AMX-INT8 tile products for many tokens
  kNeonDot,     // Armv8.2 with sdot
  kNeonI8mm,    // the same with smmla for several tokens
};

std::string_view isa_name(Isa isa);  // "scalar", "avx2", "avxvnni", "avx512", "amx", "neon", "i8mm"

// The sets this CPU and build can run, worst first. Never empty.
std::span<const Isa> isas_available();

// The best available one, or the one named by the environment variable QAIO_ISA. kInvalidArgument
// lists the available names if that one is unknown or cannot run here.
Result<Isa> isa_from_environment();

}  // namespace qaio
