#include "cli/observation.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <utility>

#include "base/clock.h"
#include "kernels/isa.h"
#include "server/observe_api.h"

namespace qaio {
namespace {

void forget_texts(RequestRecord& record) {
  record.input_text.clear();
  for (TaskRecord& task : record.tasks) task.output_text.clear();
}

EngineState engine_state(const Engine::Load& load) {
  return {.waiting = load.waiting,
          .running = load.running,
          .kv_blocks_used = load.kv_blocks_used,
          .kv_blocks_pinned = load.kv_blocks_pinned,
          .kv_blocks_cached = load.kv_blocks_cached,
          .kv_blocks_total = load.kv_blocks_total,
          .steps = load.steps,
          .prompt_tokens = load.prompt_tokens,
          .cached_tokens = load.cached_tokens,
          .completion_tokens = load.completion_tokens};
}

}  // namespace

Observation::Observation(const ObservationOptions& options, const BackendSlot& slot)
    : slot_(slot),
      perf_log_(spdlog::stderr_color_mt("qaio")),
      recent_(static_cast<size_t>(options.records_kept)),
      stats_(SteadyClock::instance()),
      observer_({}, {&perf_log_, &recent_, &stats_, &metrics_}) {
  run_.version = QAIO_VERSION;
  run_.started_unix_ms = SteadyClock::instance().wall_unix_ms();
}

void Observation::add_endpoints(Router& router) {
  add_observe_api(router, {.observer = &observer_,
                           .recent = &recent_,
                           .stats = &stats_,
                           .metrics = &metrics_,
                           .state = [this] { return state(); }});
}

RecordSink Observation::sink() {
  return [this](RequestRecord record) {
    forget_texts(record);
    observer_.push(std::move(record));
  };
}

void Observation::model_loaded(const Runtime& runtime) {
  const std::lock_guard lock(mutex_);
  run_.model = runtime.model().name;
  run_.threads = runtime.threads();
  if (const auto isa = isa_from_environment()) run_.isa = isa_name(*isa);
}

ServerState Observation::state() const {
  ServerState state;
  state.records_dropped = observer_.dropped();
  if (const auto backend = slot_.get()) state.engine = engine_state(backend->engine->load());
  const std::lock_guard lock(mutex_);
  state.run = run_;
  return state;
}

}  // namespace qaio
