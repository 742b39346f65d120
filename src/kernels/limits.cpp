#include "kernels/limits.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>

#include "base/huge_buffer.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace qaio {
namespace {

// Beyond what a thread has of any last-level cache, yet quick to fill.
constexpr size_t kReadBytesPerThread = size_t{128} << 20;
constexpr size_t kReadBytesMax = size_t{1} << 30;
constexpr size_t kReadBytesMin = size_t{64} << 20;
constexpr int kReadPasses = 8;  // of each reader; other work on the machine disturbs some of them
constexpr int kPeakRuns = 12;
constexpr auto kPeakRunTime = std::chrono::milliseconds(20);

// ---- reading -------------------------------------------------------------------------------

using Line = uint64_t __attribute__((vector_size(64)));  // in the widest registers there are

// XORs bytes [0, kStreams * 256 * n) as kStreams sequential streams. One stream relies on the
// software prefetch, several on the hardware's; which is faster differs between CPUs.
template <int kStreams>
[[gnu::always_inline]] inline uint64_t read_streams(const std::byte* data, size_t bytes) {
  constexpr size_t kStep = 256;
  constexpr size_t kAhead = 1024;
  const size_t part = bytes / kStreams / kStep * kStep;
  Line sum[4] = {};
  for (size_t at = 0; at < part; at += kStep) {
    for (size_t stream = 0; stream < kStreams; ++stream) {
      const std::byte* from = data + stream * part + at;
      for (size_t line = 0; line < 4; ++line) {
        if (kStreams == 1) __builtin_prefetch(from + kAhead + line * 64);
        Line value;
        std::memcpy(&value, from + line * 64, 64);
        sum[line] ^= value;
      }
    }
  }
  const Line all = sum[0] ^ sum[1] ^ sum[2] ^ sum[3];
  uint64_t folded = 0;
  for (int i = 0; i < 8; ++i) folded ^= all[i];
  return folded;
}

using Reader = uint64_t (*)(const std::byte* data, size_t bytes);

template <int kStreams>
uint64_t read_baseline(const std::byte* data, size_t bytes) {
  return read_streams<kStreams>(data, bytes);
}
#if defined(__x86_64__)
template <int kStreams>
[[gnu::target("avx2")]] uint64_t read_avx2(const std::byte* data, size_t bytes) {
  return read_streams<kStreams>(data, bytes);
}
template <int kStreams>
[[gnu::target("avx512f")]] uint64_t read_avx512(const std::byte* data, size_t bytes) {
  return read_streams<kStreams>(data, bytes);
}
#endif

template <int kStreams>
Reader reader_for(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512Vnni || isa == Isa::kAmx) return read_avx512<kStreams>;
  if (isa == Isa::kAvx2 || isa == Isa::kAvxVnni) return read_avx2<kStreams>;
#endif
  static_cast<void>(isa);
  return read_baseline<kStreams>;
}

// ---- multiplying ---------------------------------------------------------------------------

// Multiply-adds done by `rounds` rounds. Independent accumulators hide the instructions' latency
// (4-5 cycles, up to 2 a cycle: at least 10); assembly, so that no compiler folds the loop.
using PeakLoop = uint64_t (*)(uint64_t rounds);

#define QAIO_UNROLLED _Pragma("GCC unroll 16")

uint64_t peak_scalar(uint64_t rounds) {
  constexpr int kWidth = 64;
  uint8_t codes[kWidth];
  int8_t activations[kWidth];
  int32_t sums[kWidth / 4] = {};
  for (int i = 0; i < kWidth; ++i) {
    codes[i] = static_cast<uint8_t>(i);
    activations[i] = static_cast<int8_t>(i);
  }
  for (uint64_t round = 0; round < rounds; ++round) {
    asm volatile("" : : "r"(codes), "r"(activations), "r"(sums) : "memory");
    for (int i = 0; i < kWidth; ++i) sums[i / 4] += codes[i] * activations[i];
  }
  return rounds * kWidth;
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] uint64_t peak_avx2(uint64_t rounds) {
  constexpr int kAccumulators = 12;
  __m256i acc[kAccumulators] = {};
  const __m256i codes = _mm256_set1_epi8(1);
  const __m256i ones = _mm256_set1_epi16(1);
  for (uint64_t round = 0; round < rounds; ++round) {
    QAIO_UNROLLED
    for (auto& sum : acc) {
      __m256i pairs;
      asm volatile(
          "vpmaddubsw %2, %2, %1\n\t"
          "vpmaddwd %3, %1, %1\n\t"
          "vpaddd %1, %0, %0"
          : "+x"(sum), "=&x"(pairs)
          : "x"(codes), "x"(ones));
    }
  }
  return rounds * kAccumulators * 32;
}

[[gnu::target("avx2,avxvnni")]] uint64_t peak_avxvnni(uint64_t rounds) {
  constexpr int kAccumulators = 12;
  __m256i acc[kAccumulators] = {};
  const __m256i codes = _mm256_set1_epi8(1);
  for (uint64_t round = 0; round < rounds; ++round) {
    QAIO_UNROLLED
    for (auto& sum : acc) asm volatile("%{vex%} vpdpbusd %1, %1, %0" : "+x"(sum) : "x"(codes));
  }
  return rounds * kAccumulators * 32;
}

[[gnu::target("avx512f,avx512vnni")]] uint64_t peak_avx512(uint64_t rounds) {
  constexpr int kAccumulators = 16;
  __m512i acc[kAccumulators] = {};
  const __m512i codes = _mm512_set1_epi8(1);
  for (uint64_t round = 0; round < rounds; ++round) {
    QAIO_UNROLLED
    for (auto& sum : acc) asm volatile("vpdpbusd %1, %1, %0" : "+v"(sum) : "v"(codes));
  }
  return rounds * kAccumulators * 64;
}

// 16 x 64 bytes by 64 x 16 bytes into each of 4 tiles; what they hold does not matter.
[[gnu::target("amx-tile,amx-int8")]] uint64_t peak_amx(uint64_t rounds) {
  struct alignas(64) {
    uint8_t palette = 1;
    uint8_t unused[15] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16};
  } config;
  static_assert(sizeof(config) == 64);
  asm volatile("ldtilecfg %0" : : "m"(config));  // and every tile is zero
  for (uint64_t round = 0; round < rounds; ++round) {
    _tile_dpbssd(0, 4, 5);
    _tile_dpbssd(1, 4, 5);
    _tile_dpbssd(2, 4, 5);
    _tile_dpbssd(3, 4, 5);
  }
  _tile_release();
  return rounds * 4 * 16 * 16 * 64;
}
#elif defined(__aarch64__)
[[gnu::target("arch=armv8.2-a+dotprod")]] uint64_t peak_neon(uint64_t rounds) {
  constexpr int kAccumulators = 16;
  int32x4_t acc[kAccumulators] = {};
  const int8x16_t codes = vdupq_n_s8(1);
  for (uint64_t round = 0; round < rounds; ++round) {
    QAIO_UNROLLED
    for (auto& sum : acc) asm volatile("sdot %0.4s, %1.16b, %1.16b" : "+w"(sum) : "w"(codes));
  }
  return rounds * kAccumulators * 16;
}

[[gnu::target("arch=armv8.2-a+i8mm")]] uint64_t peak_i8mm(uint64_t rounds) {
  constexpr int kAccumulators = 16;
  int32x4_t acc[kAccumulators] = {};
  const int8x16_t codes = vdupq_n_s8(1);
  for (uint64_t round = 0; round < rounds; ++round) {
    QAIO_UNROLLED
    for (auto& sum : acc) asm volatile("smmla %0.4s, %1.16b, %1.16b" : "+w"(sum) : "w"(codes));
  }
  return rounds * kAccumulators * 32;
}
#endif
#undef QAIO_UNROLLED

PeakLoop peak_loop_for(Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::kAvx2:
      return peak_avx2;
    case Isa::kAvxVnni:
      return peak_avxvnni;
    case Isa::kAvx512Vnni:
      return peak_avx512;
    case Isa::kAmx:
      return peak_amx;
#elif defined(__aarch64__)
    case Isa::kNeonDot:
      return peak_neon;
    case Isa::kNeonI8mm:
      return peak_i8mm;
#endif
    default:
      return peak_scalar;
  }
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Result<double> measure_read_gb_s(Isa isa, ThreadPool& pool, size_t bytes) {
  QAIO_ASSIGN(const HugeBuffer buffer, HugeBuffer::allocate(bytes));
  const size_t part = buffer.size() / static_cast<size_t>(pool.size());
  const auto part_of = [&](int thread) {
    return buffer.data() + static_cast<size_t>(thread) * part;
  };
  pool.run([&](int thread) { std::memset(part_of(thread), 1, part); });  // or it is the zero page

  std::atomic<uint64_t> sink{0};  // somebody must want the result
  double best = 0;
  for (int pass = 0; pass < 2 * kReadPasses; ++pass) {
    const Reader read = pass % 2 == 0 ? reader_for<1>(isa) : reader_for<4>(isa);
    const auto start = std::chrono::steady_clock::now();
    pool.run([&](int thread) { sink.fetch_xor(read(part_of(thread), part)); });
    const double read_bytes = static_cast<double>(part) * pool.size();
    best = std::max(best, read_bytes / seconds_since(start) / 1e9);
  }
  return best;
}

double measure_int8_gop_s(Isa isa, ThreadPool& pool) {
  constexpr uint64_t kRounds = 1000;  // between two looks at the clock
  const PeakLoop loop = peak_loop_for(isa);
  double best = 0;
  for (int run = 0; run < kPeakRuns; ++run) {
    std::atomic<uint64_t> done{0};
    const auto start = std::chrono::steady_clock::now();
    pool.run([&](int) {
      uint64_t mine = 0;
      while (std::chrono::steady_clock::now() - start < kPeakRunTime) mine += loop(kRounds);
      done.fetch_add(mine);
    });
    best = std::max(best, 2 * static_cast<double>(done.load()) / seconds_since(start) / 1e9);
  }
  return best;
}

Result<MachineLimits> measure_limits(Isa isa, ThreadPool& pool) {
  const size_t free_bytes = static_cast<size_t>(std::max(0L, ::sysconf(_SC_AVPHYS_PAGES))) *
                            static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t wanted = kReadBytesPerThread * static_cast<size_t>(pool.size());
  const size_t bytes = std::clamp(std::min(wanted, free_bytes / 4), kReadBytesMin, kReadBytesMax);
  MachineLimits limits;
  QAIO_ASSIGN(limits.read_gb_s, measure_read_gb_s(isa, pool, bytes));
  limits.int8_gop_s = measure_int8_gop_s(isa, pool);
  return limits;
}

}  // namespace qaio
