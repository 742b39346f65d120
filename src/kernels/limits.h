// What this machine can do at most, measured: the bars that products are judged by. Generating one
// token reads every weight once, so memory bandwidth bounds it; a prompt multiplies each weight
// many times, so integer dot products bound it.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "base/thread_pool.h"
#include "kernels/isa.h"

namespace qaio {

struct MachineLimits {
  double read_gb_s = 0;   // 10^9 bytes per second, all threads reading memory in sequence
  double int8_gop_s = 0;  // 10^9 operations per second; a multiply and its add are two
};

// Best of several passes of all threads over `bytes` of memory, each over its own part, with the
// widest loads of `isa`. kResourceExhausted if there is no such memory.
Result<double> measure_read_gb_s(Isa isa, ThreadPool& pool, size_t bytes);

// Best of several runs of the ISA's int8 dot product on all threads, operands in registers.
double measure_int8_gop_s(Isa isa, ThreadPool& pool);

// Both, within half a second: reads 128 MiB per thread, far beyond its share of the caches, at most
// 1 GiB in all, or less where memory is short.
Result<MachineLimits> measure_limits(Isa isa, ThreadPool& pool);

}  // namespace qaio
