// For tests: a server at work.
#pragma once

#include "telemetry/server_state.h"

namespace qaio {

inline EngineState engine_at_work() {
  return {.waiting = 1,
          .running = 3,
          .kv_blocks_used = 30,
          .kv_blocks_pinned = 10,
          .kv_blocks_cached = 20,
          .kv_blocks_total = 100,
          .states_used = 3,
          .states_cached = 2,
          .states_total = 8,
          .steps = 7,
          .prompt_tokens = 500,
          .cached_tokens = 400,
          .completion_tokens = 9,
          .preemptions = 2};
}

}  // namespace qaio
