#include "kernels/simd_avx512.h"
// the wrapper above is what the kernels below are written in
#include "kernels/attention_impl.h"
#include "kernels/delta_net_impl.h"
#include "kernels/dispatch.h"
#include "kernels/matmul_impl.h"
#include "kernels/vector_impl.h"

namespace qaio {
namespace {

int tile_tokens(int /*tokens*/) { return kDirectTokens; }

}  // namespace

const Kernels& kernels_avx512() {
  static constexpr Kernels kKernels{
      Isa::kAvx512Vnni, matmul,    quantize, rms_norm,  swiglu,       rotate,     max_of,
      exponentials,     attention, store_kv, delta_net, sigmoid_gate, tile_tokens};
  return kKernels;
}

}  // namespace qaio
