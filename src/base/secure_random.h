// Random numbers that nobody can compute from others of them: for ids that must not be guessed.
#pragma once

#include <cstdint>

namespace qaio {

// 64 bits of the kernel's generator. Any thread; some nanoseconds on average.
uint64_t secure_random();

}  // namespace qaio
