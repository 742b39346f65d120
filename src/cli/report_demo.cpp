#include "cli/report_demo.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "app/model_fingerprint.h"
#include "app/model_options.h"
#include "cli/demo_load.h"
#include "kernels/isa.h"
#include "kernels/limits.h"
#include "record/observer.h"
#include "record/recent_records.h"
#include "server/api/api.h"
#include "server/http/server.h"

namespace qaio {
namespace {

constexpr auto kDrain = std::chrono::seconds(5);

}  // namespace

Result<PhysicalLimits> measure_physical_limits(const ModelInfo& model, int threads) {
  QAIO_ASSIGN(const Isa isa, isa_from_environment());
  ThreadPool pool(threads);
  QAIO_ASSIGN(const MachineLimits machine, measure_limits(isa, pool));
  return PhysicalLimits{.read_gb_s = machine.read_gb_s,
                        .int8_gop_s = machine.int8_gop_s,
                        .bytes_per_token = static_cast<double>(model.bytes_per_token),
                        .gop_per_token = 2e-9 * static_cast<double>(model.layer_weights)};
}

Result<DemoRecords> run_demo(const DemoOptions& options) {
  const Clock& clock = SteadyClock::instance();
  const int64_t started_unix_ms = clock.wall_unix_ms();
  QAIO_ASSIGN(const Isa isa, isa_from_environment());
  QAIO_ASSIGN(auto runtime, Runtime::create(options.runtime, TomlFile()));
  const ModelInfo model = runtime->model();
  const int threads = runtime->threads();
  QAIO_ASSIGN(const FileSet files, open_model(options.runtime.model.model));
  RecentRecords recent(static_cast<size_t>(options.requests));
  Observer observer({}, {&recent});
  {
    BackendSlot slot;
    slot.set(std::make_shared<const Backend>(runtime->backend()));
    Router router;
    add_api(router, slot, ApiLimits());
    ServerOptions on_loopback;
    on_loopback.port = 0;
    QAIO_ASSIGN(const auto server,
                Server::start(
                    on_loopback, std::move(router),
                    [&](RequestRecord record) { observer.push(std::move(record)); }, clock));
    const Result<void> sent = send_demo_requests(
        fmt::format("http://127.0.0.1:{}/chat", server->port()), options.requests, options.seed);
    server->stop(kDrain);
    runtime.reset();  // the engine's last callbacks still refer to the server's connections
    if (!sent) return tl::unexpected<Error>(sent.error());
  }
  observer.flush();
  DemoRecords demo;
  RecordSelector selector({});
  const uint32_t run = selector.add_run({.version = QAIO_VERSION,
                                         .model = model.name,
                                         .model_hash = model_fingerprint(files),
                                         .isa = std::string(isa_name(isa)),
                                         .threads = threads,
                                         .started_unix_ms = started_unix_ms},
                                        true);
  for (RecordPtr& record : recent.last(static_cast<size_t>(options.requests)))
    selector.add(std::move(record), run);
  demo.set = selector.take();
  if (options.limits) {
    QAIO_ASSIGN(demo.limits, measure_physical_limits(model, threads));
  }
  return demo;
}

}  // namespace qaio
