// Large zeroed memory that prefers huge pages: one product reads all weights once, and 4 KiB pages
// would cost a TLB miss every 64 cache lines.
#pragma once

#include <cstddef>

#include "base/result.h"

namespace qaio {

class HugeBuffer {
 public:
  // Zeroed, aligned to 2 MiB. kResourceExhausted when the system refuses.
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
};

}  // namespace qaio
