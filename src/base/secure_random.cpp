#include "base/secure_random.h"

#include <sys/random.h>

#include <array>
#include <cstddef>
#include <random>

namespace qaio {
namespace {

// A system call takes as long for one number as for a few dozen. getrandom() gives up to 256 bytes
// whole, whatever signals come.
struct Supply {
  std::array<uint64_t, 32> numbers;
  size_t left = 0;

  void refill() {
    if (getrandom(numbers.data(), sizeof(numbers), 0) != sizeof(numbers)) {  // an old kernel
      std::random_device device;
      for (uint64_t& number : numbers) number = uint64_t{device()} << 32 | device();
    }
    left = numbers.size();
  }
};

}  // namespace

uint64_t secure_random() {
  thread_local Supply supply;
  if (supply.left == 0) supply.refill();
  return supply.numbers[--supply.left];
}

uint64_t seed_or_random(std::optional<uint64_t> seed) { return seed ? *seed : secure_random(); }

}  // namespace qaio
