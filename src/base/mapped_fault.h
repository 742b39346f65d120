// What happens when a mapped file loses pages under the program: somebody truncates it, or its disk
// fails. Whoever then touches such a page gets SIGBUS, which ends a process without a word.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace qaio {

// The exit code of a program that cannot go on without the file, as after any other failure.
constexpr int kMappedFaultExit = 3;

// "qaio: `sentence`" on standard error, and the end of the process with kMappedFaultExit: nothing
// that was computed from the file may be answered any more.
[[noreturn]] void end_without_file(const std::string& sentence);

// Decides for one mapped range, as long as it lives; end it before the range is unmapped. The first
// one installs a handler of SIGBUS; a fault outside all ranges does what it did before.
class MappedFaultGuard {
 public:
  // The range's file cannot be done without: "qaio: `sentence`" goes to standard error and the
  // process ends with kMappedFaultExit.
  static MappedFaultGuard ending(std::span<const std::byte> range, const std::string& sentence);
  // It can: zeros that only this process sees take the place of the whole range, and `lost` counts
  // the guards to which that happened and which still live. Nothing read from the range since
  // `lost` was last seen as 0 may be trusted.
  static MappedFaultGuard zeroing(std::span<const std::byte> range, std::atomic<int>& lost);

  MappedFaultGuard() = default;
  MappedFaultGuard(MappedFaultGuard&& other) noexcept;
  MappedFaultGuard& operator=(MappedFaultGuard&& other) noexcept;
  ~MappedFaultGuard();

  // The range has moved, grown or shrunk; what was lost stays lost.
  void cover(std::span<const std::byte> range);

 private:
  struct Slot;
  friend struct MappedFaultHandler;
  static MappedFaultGuard claim(std::span<const std::byte> range, std::string line,
                                std::atomic<int>* lost);

  // Null: none, or there are too many, and then a fault ends the process without a word.
  Slot* slot_ = nullptr;
  std::unique_ptr<const std::string> line_;  // stays where the handler finds it
};

}  // namespace qaio
