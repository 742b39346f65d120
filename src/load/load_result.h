// Reads what load_json.h writes, as far as a comparison needs it.
#pragma once

#include <cstdint>
#include <optional>
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

// One request that succeeded.
struct LoadSample {
  double due_ms = 0;  // since the load's start
  double total_ms = 0;
  std::optional<double> ttft_ms;
  std::optional<double> tpot_ms;
  double prompt_tokens = 0;
  double output_tokens = 0;
};

struct LoadResult {
  std::string url;
  std::string model;
  std::string setting;          // "closed loop, concurrency 8", for a note when two differ
  int64_t started_unix_ms = 0;  // 0: an older result does not say
  double seconds = 0;
  int64_t succeeded = 0;
  int64_t failed = 0;    // without the next two
  int64_t refused = 0;   // 503 and 429
  int64_t rejected = 0;  // other 4xx
  int64_t never_sent = 0;
  std::vector<LoadLatency> latencies;
  // An even sample of those that succeeded, by due_ms; an older result has none.
  bool has_samples = false;
  std::vector<LoadSample> samples;

  int64_t sent() const { return succeeded + failed + refused + rejected; }
};

// Whether a text looks like one, as opposed to records: a JSON object with `ttft_ms`.
bool is_load_result(std::string_view text);

// kInvalidArgument says what is wrong.
Result<LoadResult> parse_load_result(std::string_view text);

}  // namespace qaio
