#include "kernels/isa.h"

#include <cstdlib>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace qaio {
namespace {

#if defined(__x86_64__)
// What a leaf of cpuid says; nothing of one that the CPU does not have.
struct Cpuid {
  explicit Cpuid(unsigned leaf, unsigned subleaf = 0) {
    __get_cpuid_count(leaf, subleaf, &eax, &ebx, &ecx, &edx);
  }
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

// What Clang 14's __builtin_cpu_supports does not know. That the system keeps AVX registers is for
// the caller to ask: it is part of "avx2".
bool has_f16c() { return Cpuid(1).ecx >> 29 & 1; }
bool has_avxvnni() { return Cpuid(7, 1).eax >> 4 & 1; }
bool has_amx_int8() { return Cpuid(7).edx >> 25 & 1; }

// Tile registers are 8 KiB of state per thread, which Linux (5.16 on) gives to who asks for it.
bool may_use_tiles() {
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr int kTileData = 18;               // the state's number in XCR0
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#endif

std::vector<Isa> detect() {
  std::vector<Isa> isas{Isa::kScalar};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c()) {
    isas.push_back(Isa::kAvx2);
    if (has_avxvnni()) isas.push_back(Isa::kAvxVnni);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vnni")) {
      isas.push_back(Isa::kAvx512Vnni);
      if (has_amx_int8() && may_use_tiles()) isas.push_back(Isa::kAmx);
    }
  }
#elif defined(__aarch64__)
  if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) {
    isas.push_back(Isa::kNeonDot);
    if (getauxval(AT_HWCAP2) & HWCAP2_I8MM) isas.push_back(Isa::kNeonI8mm);
  }
#endif
  return isas;
}

}  // namespace

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return "scalar";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvxVnni:
      return "avxvnni";
    case Isa::kAvx512Vnni:
      return "avx512";
    case Isa::kAmx:
      return "amx";
    case Isa::kNeonDot:
      return "neon";
    case Isa::kNeonI8mm:
      return "i8mm";
  }
  return "unknown";
}

std::span<const Isa> isas_available() {
  static const std::vector<Isa> isas = detect();
  return isas;
}

Result<Isa> isa_from_environment() {
  const auto available = isas_available();
  const char* wanted = std::getenv("QAIO_ISA");
  if (wanted == nullptr || *wanted == '\0') return available.back();
  std::string names;
  for (const Isa isa : available) {
    if (isa_name(isa) == wanted) return isa;
    names += (names.empty() ? "" : ", ") + std::string(isa_name(isa));
  }
  return fail(ErrorCode::kInvalidArgument,
              "QAIO_ISA=" + std::string(wanted) + " cannot run here; this CPU has: " + names);
}

}  // namespace qaio
