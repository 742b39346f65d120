#define QAIO_AVX_VNNI
#include "kernels/simd_avx2.h"
// the wrapper above is what the kernels below are written in
#include "kernels/attention_impl.h"
#include "kernels/delta_net_impl.h"
#include "kernels/dispatch.h"
#include "kernels/matmul_impl.h"
#include "kernels/vector_impl.h"

namespace qaio {

const Kernels& kernels_avxvnni() {
  static constexpr Kernels kKernels{Isa::kAvxVnni, matmul,   quantize,  rms_norm,
                                    swiglu,        rotate,   max_of,    exponentials,
                                    attention,     store_kv, delta_net, sigmoid_gate};
  return kKernels;
}

}  // namespace qaio
