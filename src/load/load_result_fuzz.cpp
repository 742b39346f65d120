// libFuzzer: any bytes as the result of a load.
#include <cmath>

#include "base/fuzz_for_test.h"
#include "load/load_result.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  const std::string_view text = fuzz_text(data, size);
  is_load_result(text);
  const auto load = parse_load_result(text);
  if (!load) {
    require(load.error().code == ErrorCode::kInvalidArgument && !load.error().message.empty());
    return 0;
  }
  require(std::isfinite(load->seconds) && load->sent() >= 0);
  for (const LoadLatency& latency : load->latencies) {
    require(latency.count >= 0 && std::isfinite(latency.p50_ms) && std::isfinite(latency.p95_ms));
  }
  double due_ms = -INFINITY;
  for (const LoadSample& sample : load->samples) {
    require(std::isfinite(sample.due_ms) && std::isfinite(sample.total_ms));
    require(sample.due_ms >= due_ms);
    due_ms = sample.due_ms;
  }
  return 0;
}
