#include "archive/sqlite_mappings.h"

#include <sqlite3.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <span>
#include <utility>

#include "base/mapped_fault.h"
#include "base/mutex.h"

namespace qaio {
namespace {

std::atomic<int> mappings_lost = 0;

struct Mapping {
  std::span<const std::byte> bytes;
  MappedFaultGuard guard;
};

// By the address where they begin. Lives as long as SQLite, beyond what is static elsewhere.
struct Mappings {
  Mutex mutex;
  std::map<const std::byte*, Mapping> all QAIO_GUARDED_BY(mutex);
};

Mappings& mappings() {
  static auto& one = *new Mappings;
  return one;
}

std::span<const std::byte> range(const void* address, size_t size) {
  return {static_cast<const std::byte*>(address), size};
}

// Instead of the system's calls of these names.

void* guarded_mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset) {
  void* mapped = ::mmap(address, size, protection, flags, fd, offset);
  if (mapped == MAP_FAILED) return mapped;
  try {
    const MutexLock lock(mappings().mutex);
    const auto bytes = range(mapped, size);
    mappings().all[bytes.data()] = {bytes, MappedFaultGuard::zeroing(bytes, mappings_lost)};
  } catch (const std::exception&) {  // nothing may be thrown through SQLite
    ::munmap(mapped, size);
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return mapped;
}

// Of a whole mapping, or of its end.
int guarded_munmap(void* address, size_t size) {
  const MutexLock lock(mappings().mutex);
  auto& all = mappings().all;
  const auto* begin = static_cast<const std::byte*>(address);
  auto found = all.upper_bound(begin);
  if (found != all.begin()) {
    --found;
    Mapping& mapping = found->second;
    const auto before = static_cast<size_t>(begin - mapping.bytes.data());
    if (before == 0) {
      all.erase(found);
    } else if (before < mapping.bytes.size()) {
      mapping.bytes = mapping.bytes.first(before);
      mapping.guard.cover(mapping.bytes);
    }
  }
  return ::munmap(address, size);
}

void* guarded_mremap(void* address, size_t old_size, size_t size, int flags, ...) {
  const MutexLock lock(mappings().mutex);
  void* moved = ::mremap(address, old_size, size, flags);
  if (moved == MAP_FAILED) return moved;
  auto& all = mappings().all;
  auto node = all.extract(static_cast<const std::byte*>(address));
  if (node.empty()) return moved;
  const auto bytes = range(moved, size);
  node.key() = bytes.data();
  node.mapped().bytes = bytes;
  node.mapped().guard.cover(bytes);
  all.insert(std::move(node));
  return moved;
}

bool refuse_to_write() {
  if (mappings_lost == 0) return false;
  errno = EIO;
  return true;
}

ssize_t guarded_write(int fd, const void* bytes, size_t size) {
  return refuse_to_write() ? -1 : ::write(fd, bytes, size);
}

ssize_t guarded_pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return refuse_to_write() ? -1 : ::pwrite(fd, bytes, size, offset);
}

int guarded_ftruncate(int fd, off_t size) { return refuse_to_write() ? -1 : ::ftruncate(fd, size); }

template <typename Function>
void replace(sqlite3_vfs* vfs, const char* name, Function* function) {
  static_assert(sizeof(off_t) == 8, "pwrite64 is pwrite");
  // Not every build of SQLite has all of them.
  static_cast<void>(
      vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(function)));
}

}  // namespace

void guard_sqlite_mappings() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_initialize();
    sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
    if (vfs == nullptr || vfs->iVersion < 3 || vfs->xSetSystemCall == nullptr) return;
    replace(vfs, "mmap", guarded_mmap);
    replace(vfs, "munmap", guarded_munmap);
    replace(vfs, "mremap", guarded_mremap);
    replace(vfs, "write", guarded_write);
    replace(vfs, "pwrite", guarded_pwrite);
    replace(vfs, "pwrite64", guarded_pwrite);
    replace(vfs, "ftruncate", guarded_ftruncate);
  });
}

bool sqlite_mapping_lost() { return mappings_lost > 0; }

}  // namespace qaio
