// Real requests to measure: the server on a loopback port, loaded as users would.
#pragma once

#include <optional>

#include "app/runtime.h"
#include "base/result.h"
#include "record/record_set.h"
#include "report/findings.h"

namespace qaio {

struct DemoOptions {
  RuntimeOptions runtime;
  int requests = 100;
  uint64_t seed = 1;
  bool limits = true;  // measure the machine's, too
};

struct DemoRecords {
  RecordSet set;
  std::optional<PhysicalLimits> limits;
};

// Starts a server, sends it that many requests of varied lengths and tasks: first one at a time,
// then one at a time with the tasks alternating, then several at once. Progress goes to the
// terminal.
Result<DemoRecords> run_demo(const DemoOptions& options);

// What the hardware allows the model; takes half a second.
Result<PhysicalLimits> measure_physical_limits(const ModelInfo& model, int threads);

}  // namespace qaio
