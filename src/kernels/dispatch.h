// One table per instruction set, each from a file compiled for it.
#pragma once

#include "kernels/kernels.h"

namespace qaio {

const Kernels& kernels_scalar();
const Kernels& kernels_avx2();
const Kernels& kernels_avxvnni();
const Kernels& kernels_avx512();
const Kernels& kernels_amx();
// AMX's, tiles multiplied by plain loops: for tests, on CPUs with AVX-512.
const Kernels& kernels_amx_emulated();
const Kernels& kernels_neon();
const Kernels& kernels_i8mm();

}  // namespace qaio
