// What AddressSanitizer should know of memory that is no allocation of its own.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)  // GCC's way to tell
#define QAIO_ADDRESS_SANITIZER 1
#elif defined(__has_feature)  // Clang's
#define QAIO_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#else
#define QAIO_ADDRESS_SANITIZER 0
#endif

#if QAIO_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace qaio {

inline constexpr bool kAddressSanitizer = QAIO_ADDRESS_SANITIZER;

inline void forbid_access([[maybe_unused]] const std::byte* from, [[maybe_unused]] size_t bytes) {
#if QAIO_ADDRESS_SANITIZER
  ASAN_POISON_MEMORY_REGION(from, bytes);
#endif
}
inline void allow_access([[maybe_unused]] const std::byte* from, [[maybe_unused]] size_t bytes) {
#if QAIO_ADDRESS_SANITIZER
  ASAN_UNPOISON_MEMORY_REGION(from, bytes);
#endif
}

}  // namespace qaio
