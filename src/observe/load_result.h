// What `qaio load --json` printed, as far as a comparison needs it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace qaio {

struct LoadLatency {
  std::string name;  // "total", "ttft", "tpot", "inter_token"
  int64_t count = 0;
  double p50_ms = 0;
  double p95_ms = 0;
};

struct LoadResult {
  std::string url;
  std::string setting;  // "closed loop, concurrency 8", for a note when two differ
  int64_t failed = 0;
  std::vector<LoadLatency> latencies;
};

// Whether a text looks like one, as opposed to records: a JSON object with `ttft_ms`.
bool is_load_result(std::string_view text);

// kInvalidArgument says what is wrong.
Result<LoadResult> parse_load_result(std::string_view text);

}  // namespace qaio
