// Large zeroed memory that prefers huge pages: one product reads all weights once, and 4 KiB pages
// would cost a TLB miss every 64 cache lines.
#pragma once

#include <cstddef>

#include "base/result.h"

namespace qaio {

class HugeBuffer {
 public:
  // Zeroed, aligned to 64 bytes (to 2 MiB if `bytes` are a multiple of it). Its last cache line
  // ends where a page begins that nobody may touch: a write beyond the end stops the program
  // instead of changing what lies there. kResourceExhausted when the system refuses.
  static Result<HugeBuffer> allocate(size_t bytes);

  HugeBuffer() = default;
  HugeBuffer(HugeBuffer&& other) noexcept;
  HugeBuffer& operator=(HugeBuffer&& other) noexcept;
  ~HugeBuffer();

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  std::byte* mapping_ = nullptr;  // whole huge pages that end with data_, and the page behind them
  size_t mapping_size_ = 0;
};

}  // namespace qaio
