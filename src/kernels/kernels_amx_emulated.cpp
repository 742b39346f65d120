#include "kernels/amx_tiles_emulated.h"
#include "kernels/simd_avx512.h"
// the wrappers above are what the kernels below are written in
#include "kernels/amx_impl.h"

namespace qaio {

const Kernels& kernels_amx_emulated() {
  static const Kernels kKernels = make_amx_kernels();
  return kKernels;
}

}  // namespace qaio
