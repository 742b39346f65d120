#include "base/pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#ifndef MADV_POPULATE_READ  // Linux 5.14; older headers lack the names
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

namespace qaio {
namespace {

uintptr_t page_bytes() {
  static const auto bytes = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

void advise(uintptr_t begin, uintptr_t end, int advice) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): whole pages, which may begin before the object
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

uintptr_t round_up(uintptr_t address) {
  return (address + page_bytes() - 1) / page_bytes() * page_bytes();
}

}  // namespace

void populate_for_reading(std::span<const std::byte> range) {
  const auto begin = reinterpret_cast<uintptr_t>(range.data());
  advise(begin / page_bytes() * page_bytes(), round_up(begin + range.size()), MADV_POPULATE_READ);
}

void populate_for_writing(std::span<std::byte> range) {
  const auto begin = reinterpret_cast<uintptr_t>(range.data());
  advise(begin / page_bytes() * page_bytes(), round_up(begin + range.size()), MADV_POPULATE_WRITE);
}

void release_file_pages(std::span<const std::byte> range) {
  const auto begin = reinterpret_cast<uintptr_t>(range.data());
  advise(round_up(begin), (begin + range.size()) / page_bytes() * page_bytes(), MADV_DONTNEED);
}

}  // namespace qaio
