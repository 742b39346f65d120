#include "kernels/dispatch.h"

namespace qaio {

const Kernels& kernels_for(Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::kAvx2:
      return kernels_avx2();
    case Isa::kAvxVnni:
      return kernels_avxvnni();
    case Isa::kAvx512Vnni:
      return kernels_avx512();
    case Isa::kAmx:
      return kernels_amx();
#elif defined(__aarch64__)
    case Isa::kNeonDot:
      return kernels_neon();
    case Isa::kNeonI8mm:
      return kernels_i8mm();
#endif
    default:
      return kernels_scalar();
  }
}

const Kernels& default_kernels() {
  return kernels_for(isa_from_environment().value_or(isas_available().back()));
}

}  // namespace qaio
