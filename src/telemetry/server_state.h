// What holds of a server at one moment and is in no record: of what metrics are made beside
// records.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/key_ring.h"
#include "record/record.h"
#include "slo/slo_action.h"
#include "slo/slo_status.h"
#include "telemetry/otlp_counts.h"

namespace qaio {

// What the engine is doing, as Engine::load() has it; filled by who knows the engine.
struct EngineState {
  int waiting = 0;
  int running = 0;
  int kv_blocks_used = 0;
  int kv_blocks_pinned = 0;
  int kv_blocks_cached = 0;
  int kv_blocks_total = 0;
  int states_used = 0;  // of recurrent layers: by sequences
  int states_cached = 0;
  int states_total = 0;  // 0: the model has none
  // Since the start.
  uint64_t steps = 0;
  uint64_t prompt_tokens = 0;  // looked for in the prefix cache
  uint64_t cached_tokens = 0;  // found there
  uint64_t completion_tokens = 0;
  uint64_t preemptions = 0;  // times that a sequence was paused for want of memory or place
};

// Of one archive since the start.
struct ArchiveState {
  std::string kind;  // "sqlite", "csv"
  uint64_t written = 0;
  uint64_t lost = 0;  // while it could not write
  // Likewise, of records that it has; absent of one that takes no client times.
  std::optional<uint64_t> client_times_lost = {};
  bool paused = false;   // it cannot write just now
  uint64_t waiting = 0;  // records that wait for it meanwhile, in its spool or in memory
};

// Of TLS since the start.
struct TlsState {
  uint64_t handshakes_succeeded = 0;
  uint64_t handshakes_failed = 0;
  int64_t certificate_expires_unix_s = 0;  // the first of the server's own
};

// Of the HTTP server.
struct ConnectionState {
  int connections = 0;
  // For requests being read and answers being written; and the most that may be.
  uint64_t memory_bytes = 0;
  uint64_t memory_bytes_max = 0;
  std::optional<TlsState> tls = {};  // absent: there is none
};

struct ServerState {
  std::optional<EngineState> engine;  // absent until the model is ready
  RunInfo run;                        // model, ISA and threads are empty until then
  uint64_t records_dropped = 0;
  std::optional<ConnectionState> connections = {};  // absent until the server listens
  uint64_t log_lines_dropped = 0;
  std::optional<OtlpCounts> otlp = {};  // absent: nothing is exported
  std::vector<ArchiveState> archives = {};
  std::optional<KeyRingFigures> keys = {};  // absent: nobody needs a key
  std::vector<SloStatus> slo = {};
  std::vector<SloActionCounts> slo_actions = {};
};

}  // namespace qaio
