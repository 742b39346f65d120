#include "base/huge_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "base/sanitizer.h"

namespace qaio {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kCacheLine = 64;

}  // namespace

Result<HugeBuffer> HugeBuffer::allocate(size_t bytes) {
  HugeBuffer buffer;
  if (bytes == 0) return buffer;
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t lines = (bytes + kCacheLine - 1) / kCacheLine * kCacheLine;
  const size_t size = (lines + kHugePage - 1) / kHugePage * kHugePage;
  // one huge page more than needed, so that an aligned start can be cut out
  const size_t reserved = size + page + kHugePage;
  void* address = ::mmap(nullptr, reserved, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) {
    return fail(ErrorCode::kResourceExhausted, "cannot allocate " + std::to_string(size >> 20) +
                                                   " MiB of memory: " + std::strerror(errno));
  }
  auto* start = static_cast<std::byte*>(address);
  const size_t head = (kHugePage - reinterpret_cast<uintptr_t>(start) % kHugePage) % kHugePage;
  if (head > 0) ::munmap(start, head);
  if (head < kHugePage) ::munmap(start + head + size + page, kHugePage - head);
  buffer.mapping_ = start + head;
  buffer.mapping_size_ = size + page;
  buffer.data_ = buffer.mapping_ + (size - lines);
  buffer.size_ = bytes;
  ::madvise(buffer.mapping_, size, MADV_HUGEPAGE);  // a wish: ordinary pages work too
  ::mprotect(buffer.mapping_ + size, page, PROT_NONE);
  return buffer;
}

HugeBuffer::HugeBuffer(HugeBuffer&& other) noexcept { *this = std::move(other); }

HugeBuffer& HugeBuffer::operator=(HugeBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapping_, other.mapping_);
  std::swap(mapping_size_, other.mapping_size_);
  return *this;
}

HugeBuffer::~HugeBuffer() {
  if (mapping_ == nullptr) return;
  allow_access(mapping_, mapping_size_);  // for whoever gets these addresses next
  ::munmap(mapping_, mapping_size_);
}

}  // namespace qaio
