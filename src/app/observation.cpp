#include "app/observation.h"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "app/model_fingerprint.h"
#include "app/slo_actions.h"
#include "base/clock.h"
#include "kernels/isa.h"
#include "server/http/listen.h"
#include "server/observe/observe_api.h"

namespace qaio {
namespace {

// One is made at a time, each for a person who looks at it.
constexpr size_t kReportsWaitingMax = 4;
constexpr int kReportNiceness = 10;
constexpr size_t kSearchesWaitingMax = 64;

RecordSink& replaced_sink() {
  static RecordSink sink;
  return sink;
}

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
          .states_used = load.states_used,
          .states_cached = load.states_cached,
          .states_total = load.states_total,
          .steps = load.steps,
          .prompt_tokens = load.prompt_tokens,
          .cached_tokens = load.cached_tokens,
          .completion_tokens = load.completion_tokens,
          .preemptions = load.preemptions};
}

RunInfo run_info(int threads) {
  const Result<Isa> isa = isa_from_environment();  // a wrong one is the loader's to refuse
  return {.version = QAIO_VERSION,
          .model = "",
          .model_hash = "",
          .isa = isa ? std::string(isa_name(*isa)) : "",
          .threads = threads,
          .started_unix_ms = SteadyClock::instance().wall_unix_ms()};
}

// Null: nothing asks for it.
Result<std::unique_ptr<OtlpExporter>> open_otlp(std::optional<OtlpOptions> options,
                                                const std::shared_ptr<spdlog::logger>& logger) {
  if (!options) return std::unique_ptr<OtlpExporter>();
  options->say = [logger](const std::string& text) { logger->warn("{}", text); };
  return OtlpExporter::create(*std::move(options), SteadyClock::instance());
}

}  // namespace

void set_record_sink(RecordSink sink) { replaced_sink() = std::move(sink); }

Result<std::unique_ptr<Observation>> Observation::create(const ObservationOptions& options,
                                                         const BackendSlot& slot, ServerLog& log) {
  const auto& logger = log.logger();
  QAIO_ASSIGN(Archives archives,
              Archives::open(options.archive, run_info(options.threads), logger));
  QAIO_ASSIGN(std::optional<OtlpOptions> otlp_wanted,
              otlp_options(options.otlp, run_info(options.threads), ::getenv));
  const bool exports_traces = otlp_wanted && !otlp_wanted->traces_url.empty();
  QAIO_ASSIGN(std::unique_ptr<OtlpExporter> otlp, open_otlp(std::move(otlp_wanted), logger));
  const auto port = std::make_shared<std::atomic<int>>(options.port);
  QAIO_ASSIGN(auto slo_actions, make_slo_actions(
                                    options.slo.actions, [port] { return port->load(); }, logger));
  return std::unique_ptr<Observation>(new Observation(options, slot, log, std::move(archives),
                                                      std::move(slo_actions), std::move(otlp),
                                                      exports_traces, port));
}

Observation::Observation(const ObservationOptions& options, const BackendSlot& slot, ServerLog& log,
                         Archives archives, std::vector<std::unique_ptr<SloAction>> slo_actions,
                         std::unique_ptr<OtlpExporter> otlp, bool exports_traces,
                         std::shared_ptr<std::atomic<int>> port)
    : options_(options),
      slot_(slot),
      log_(log),
      port_(std::move(port)),
      run_(run_info(options.threads)),
      perf_log_(log.logger()),
      recent_(static_cast<size_t>(options.records_kept)),
      clients_(
          {}, recent_, [this](const RecordPtr& record) { observer_->amend(record); },
          SteadyClock::instance()),
      stats_(SteadyClock::instance()),
      live_(SteadyClock::instance()),
      metrics_(threshold_edges_s(options.slo.rules)),
      slo_(std::make_unique<SloMonitor>(options.slo.rules, std::move(slo_actions),
                                        SteadyClock::instance())),
      live_events_(live_, *slo_, SteadyClock::instance(), [this] { return state(); }),
      archives_(std::move(archives)),
      exports_traces_(exports_traces),
      otlp_(std::move(otlp)),
      reports_(kReportsWaitingMax, kReportNiceness),
      searches_(kSearchesWaitingMax) {
  std::vector<RecordConsumer*> consumers = archives_.consumers();  // first: they wait for nothing
  consumers.insert(consumers.end(), {&perf_log_, &recent_, &clients_, &stats_, &live_, &metrics_,
                                     slo_.get(), &live_events_});
  if (otlp_) {
    otlp_->set_state([this] { return state(); });
    consumers.push_back(otlp_.get());
  }
  Observer::Options observing;
  observing.on_problem = [logger = log.logger()](const std::string& problem) {
    logger->error("{}", problem);
  };
  observer_ = std::make_unique<Observer>(observing, std::move(consumers));
  live_.set_state([this] { return live_state(); });
}

void Observation::add_endpoints(Router& router) {
  add_observe_api(router, {.observer = observer_.get(),
                           .recent = &recent_,
                           .clients = &clients_,
                           .stats = &stats_,
                           .live = &live_,
                           .live_events = &live_events_,
                           .metrics = &metrics_,
                           .slo = slo_.get(),
                           .state = [this] { return state(); },
                           .steps =
                               [this](TimeNs from_ns, TimeNs until_ns) {
                                 const auto backend = slot_.get();
                                 return backend
                                            ? backend->engine->steps().between(from_ns, until_ns)
                                            : std::vector<EngineStep>();
                               },
                           .reports = &reports_,
                           .searches = &searches_,
                           .archive = archives_.sqlite(),
                           .archive_thread = archives_.sqlite_thread(),
                           .keys = options_.keys});
}

RecordSink Observation::sink() {
  if (replaced_sink()) return replaced_sink();
  return [this](RequestRecord record) {
    if (!options_.archive.record_text) forget_texts(record);
    observer_->push(std::move(record));
  };
}

void Observation::listening(const ServerOptions& options, const Server& server) {
  {
    const MutexLock lock(mutex_);
    server_ = &server;
  }
  const uint16_t port = server.port();
  *port_ = port;
  if (!otlp_) return;
  const std::string host(without_brackets(options.host));
  const bool any = host.empty() || host == "0.0.0.0" || host == "::";
  if (port == 0) return otlp_->set_address(options.unix_socket, port);
  otlp_->set_address(any ? std::string() : host, port);
}

void Observation::model_loaded(const Runtime& runtime) {
  if (otlp_) otlp_->set_model(runtime.model().name);
  const MutexLock lock(mutex_);
  run_.model = runtime.model().name;
}

// The model's files are looked at anew: loading has let their pages go.
void Observation::model_ready() {
  if (archives_.empty()) return;
  const auto files = open_model(options_.model);
  const std::string hash = files ? model_fingerprint(*files) : "";
  RunInfo run;
  {
    const MutexLock lock(mutex_);
    run_.model_hash = hash;
    run = run_;
  }
  archives_.set_run(run);
}

Result<void> Observation::finish() {
  reports_.stop();
  searches_.stop();
  observer_->stop();
  clients_.stop();
  // What is to be sent gets a moment, all of it the same one.
  if (slo_) slo_->begin_stop();
  if (otlp_) otlp_->begin_stop();
  Result<void> closed = archives_.close();
  archives_ = {};
  slo_.reset();
  otlp_.reset();
  return closed;
}

ServerState Observation::state() const {
  ServerState state;
  state.records_dropped = observer_->dropped();
  state.log_lines_dropped = log_.lines_dropped();
  if (otlp_) state.otlp = otlp_->counts();
  state.archives = archives_.states();
  if (options_.keys) state.keys = options_.keys->figures();
  state.slo = slo_->snapshot();
  state.slo_actions = slo_->action_counts();
  if (const auto backend = slot_.get()) state.engine = engine_state(backend->engine->load());
  const MutexLock lock(mutex_);
  state.run = run_;
  if (server_ != nullptr) state.connections = server_->state();
  return state;
}

LiveSeries::State Observation::live_state() const {
  LiveSeries::State state;
  state.records_dropped = observer_->dropped();
  for (const ArchiveState& archive : archives_.states()) state.records_lost += archive.lost;
  if (const auto backend = slot_.get()) state.engine = engine_state(backend->engine->load());
  return state;
}

}  // namespace qaio
