#include "base/mapped_fault.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <utility>

#include "base/bounded_write.h"
#include "base/mutex.h"

namespace qaio {

// What the handler, which may run at any moment and on several threads, reads of one guard. Whoever
// faults within a range uses it, so its guard is not on its way out.
struct MappedFaultGuard::Slot {
  std::atomic<uintptr_t> begin = 0;  // both 0: free
  std::atomic<uintptr_t> end = 0;
  std::atomic<const std::string*> line = nullptr;
  std::atomic<std::atomic<int>*> lost = nullptr;  // null: a fault ends the process
  std::atomic<bool> is_lost = false;

  void set_range(std::span<const std::byte> range) {
    end = 0;
    begin = reinterpret_cast<uintptr_t>(range.data());
    end = begin + range.size();
  }
};

struct MappedFaultHandler {
  using Slot = MappedFaultGuard::Slot;
  static constexpr size_t kGuardsMax = 1024;
  static constexpr std::chrono::milliseconds kPatience{500};  // with whoever reads standard error

  static inline std::array<Slot, kGuardsMax> slots;
  static inline Mutex mutex;  // of claiming a slot; guards no data, since handlers take no lock
  static inline struct sigaction previous;
  static inline std::atomic<bool> ending = false;

  static void install() {
    struct sigaction action {};
    action.sa_sigaction = &handle;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, &previous);
  }

  static void handle(int signal, siginfo_t* info, void* /*context*/) {
    const int error = errno;
    const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
    for (Slot& slot : slots) {
      if (address < slot.begin || address >= slot.end) continue;
      if (slot.lost == nullptr) end(*slot.line);
      if (!replace(slot)) break;
      errno = error;
      return;
    }
    ::sigaction(signal, &previous, nullptr);
    ::raise(signal);  // arrives when this handler returns
  }

  [[noreturn]] static void end(const std::string& line) {
    while (ending.exchange(true)) ::pause();  // another thread says it
    write_bounded(STDERR_FILENO, line, kPatience);
    ::_exit(kMappedFaultExit);
  }

  static bool replace(Slot& slot) {
    void* begin = reinterpret_cast<void*>(slot.begin.load());
    const size_t size = slot.end - slot.begin;
    if (::mmap(begin, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
               0) == MAP_FAILED) {
      return false;
    }
    if (!slot.is_lost.exchange(true)) slot.lost.load()->fetch_add(1);
    return true;
  }
};

void end_without_file(const std::string& sentence) {
  MappedFaultHandler::end("qaio: " + sentence + "\n");
}

MappedFaultGuard MappedFaultGuard::ending(std::span<const std::byte> range,
                                          const std::string& sentence) {
  return claim(range, "qaio: " + sentence + "\n", nullptr);
}

MappedFaultGuard MappedFaultGuard::zeroing(std::span<const std::byte> range,
                                           std::atomic<int>& lost) {
  return claim(range, {}, &lost);
}

MappedFaultGuard MappedFaultGuard::claim(std::span<const std::byte> range, std::string line,
                                         std::atomic<int>* lost) {
  static std::once_flag installed;
  std::call_once(installed, &MappedFaultHandler::install);
  MappedFaultGuard guard;
  if (range.empty()) return guard;
  guard.line_ = std::make_unique<const std::string>(std::move(line));
  const MutexLock lock(MappedFaultHandler::mutex);
  for (Slot& slot : MappedFaultHandler::slots) {
    if (slot.begin != 0) continue;
    slot.line = guard.line_.get();
    slot.lost = lost;
    slot.is_lost = false;
    slot.set_range(range);
    guard.slot_ = &slot;
    break;
  }
  return guard;
}

MappedFaultGuard::MappedFaultGuard(MappedFaultGuard&& other) noexcept
    : slot_(std::exchange(other.slot_, nullptr)), line_(std::move(other.line_)) {}

MappedFaultGuard& MappedFaultGuard::operator=(MappedFaultGuard&& other) noexcept {
  MappedFaultGuard taken(std::move(other));
  std::swap(slot_, taken.slot_);
  std::swap(line_, taken.line_);
  return *this;
}

MappedFaultGuard::~MappedFaultGuard() {
  if (slot_ == nullptr) return;
  const MutexLock lock(MappedFaultHandler::mutex);
  slot_->end = 0;
  if (slot_->is_lost) slot_->lost.load()->fetch_sub(1);
  slot_->begin = 0;
}

void MappedFaultGuard::cover(std::span<const std::byte> range) {
  if (slot_ != nullptr) slot_->set_range(range);
}

}  // namespace qaio
