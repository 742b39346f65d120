#include "base/huge_buffer.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace qaio {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

}  // namespace

Result<HugeBuffer> HugeBuffer::allocate(size_t bytes) {
  HugeBuffer buffer;
  if (bytes == 0) return buffer;
  const size_t size = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  // one page more than needed, so that an aligned start can be cut out
  void* address = ::mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) {
    return fail(ErrorCode::kResourceExhausted, "cannot allocate " + std::to_string(size >> 20) +
                                                   " MiB of memory: " + std::strerror(errno));
  }
  auto* start = static_cast<std::byte*>(address);
  const size_t head = (kHugePage - reinterpret_cast<uintptr_t>(start) % kHugePage) % kHugePage;
  if (head > 0) ::munmap(start, head);
  if (head < kHugePage) ::munmap(start + head + size, kHugePage - head);
  buffer.data_ = start + head;
  buffer.size_ = size;
  ::madvise(buffer.data_, size, MADV_HUGEPAGE);  // a wish: ordinary pages work too
  return buffer;
}

HugeBuffer::HugeBuffer(HugeBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

HugeBuffer& HugeBuffer::operator=(HugeBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

HugeBuffer::~HugeBuffer() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace qaio
