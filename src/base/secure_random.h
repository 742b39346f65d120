// Random numbers that nobody can compute from others of them: for ids that must not be guessed, and
// seeds.
#pragma once

#include <cstdint>
#include <optional>

namespace qaio {

// 64 bits of the kernel's generator. Any thread; some nanoseconds on average.
uint64_t secure_random();

// The seed that was asked for, else another one every time.
uint64_t seed_or_random(std::optional<uint64_t> seed);

}  // namespace qaio
