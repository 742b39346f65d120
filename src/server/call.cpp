#include "server/call.h"

#include "server/process_stats.h"

namespace qaio {

void Call::begin(TimeNs begin_ns) {
  record_.lane.start(begin_ns);
  record_.arrived_unix_ms = clock_.wall_unix_ms();
  boundary_ns_ = begin_ns;
  cpu_begin_ns_ = process_cpu_ns();
}

void Call::take_figures(std::optional<Stage> stage) {
  record_.cpu_ns = process_cpu_ns() - cpu_begin_ns_;
  record_.resident_bytes = process_resident_bytes();
  const TimeNs now = clock_.now_ns();
  if (stage) lap_until(*stage, now);
  record_.lane.finish(now);
}

}  // namespace qaio
