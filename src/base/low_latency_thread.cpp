#include "base/low_latency_thread.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace qaio {
namespace {

constexpr uint64_t kSliceNs = 100'000;  // the shortest that the kernel grants

// sched_setattr(2); the system's header of it cannot stand beside <sched.h>.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime_ns = 0;  // of the usual policy: the slice
  uint64_t deadline_ns = 0;
  uint64_t period_ns = 0;
};

}  // namespace

void use_low_latency_scheduling() {
  SchedulingAttributes attributes;
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) != 0) return;
  attributes.runtime_ns = kSliceNs;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace qaio
