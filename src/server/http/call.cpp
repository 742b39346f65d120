#include "server/http/call.h"

#include "base/utf8.h"

namespace qaio {

void Call::begin(TimeNs begin_ns) {
  record_.lane.start(begin_ns);
  record_.arrived_unix_ms = clock_.wall_unix_ms();
  boundary_ns_ = begin_ns;
  usage_begin_ = process_usage();
}

void Call::record_input(std::string_view text) {
  record_.input_chars = static_cast<int64_t>(count_code_points(text));
  record_.input_text = text;
}

void Call::take_figures(std::optional<Stage> stage) {
  const ProcessUsage usage = process_usage();
  record_.cpu_ns = usage.cpu_ns - usage_begin_.cpu_ns;
  record_.minor_faults = usage.minor_faults - usage_begin_.minor_faults;
  record_.major_faults = usage.major_faults - usage_begin_.major_faults;
  record_.context_switches = usage.context_switches - usage_begin_.context_switches;
  record_.resident_bytes = process_resident_bytes();
  const TimeNs now = clock_.now_ns();
  if (stage) lap_until(*stage, now);
  record_.lane.finish(now);
}

void Call::fail(const std::exception& error) noexcept {
  try {
    respond(failure_response(error));
  } catch (const std::exception&) {
    abandon();
  }
}

}  // namespace qaio
