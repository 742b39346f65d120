// For threads that mostly wait and must not be kept waiting by those that compute.
#pragma once

namespace qaio {

// Asks the kernel to run the calling thread as soon as it wakes, in short slices, without taking
// more of the processor than its share. Linux 6.12 and later; others ignore it.
void use_low_latency_scheduling();

}  // namespace qaio
