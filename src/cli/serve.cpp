// qaio serve: the HTTP server. It listens at once and is ready when the model is warm.
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/api_keys.h"
#include "app/config.h"
#include "app/observation.h"
#include "app/runtime.h"
#include "app/server_log.h"
#include "base/memory_limit.h"
#include "cli/commands.h"
#include "cli/listen_options.h"
#include "cli/terminal.h"
#include "server/api/api.h"
#include "server/http/server.h"
#include "server/page/page.h"

namespace qaio {
namespace {

// What is said last waits no longer for a reader.
constexpr std::chrono::milliseconds kErrorTime{250};
// Beside its connections the process holds files open: logs, and what comes and goes.
constexpr rlim_t kOtherFiles = 64;

struct Options {
  RuntimeOptions runtime;
  ServerOptions server;
  ListenOptions listen;
  ApiLimits limits;
  ObservationOptions observation;
  std::vector<std::string> aliases;
  std::string api_key_file;  // empty: nobody needs a key
  std::chrono::milliseconds drain_time{5000};
};

// These signals wait until somebody asks for them; threads started later inherit that.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a closed log must not end the server
  std::signal(SIGTTOU, SIG_IGN);  // nor a terminal of which it is in the background stop it
  return signals;
}

void announce_certificate(const TlsContext& tls, ServerLog& log) {
  log.announce("certificate: " + tls.describe());
  for (const std::string& warning : tls.warnings()) log.announce("warning: " + warning);
}

void reload_certificate(TlsContext& tls, ServerLog& log) {
  if (const Result<void> read = tls.reload(); !read) {
    log.logger()->error("SIGHUP: the certificate stays as it was: {}", read.error().message);
    return;
  }
  log.logger()->info("SIGHUP: the certificate is read anew; SIGTERM ends the server");
  announce_certificate(tls, log);
}

// The keys that a server asks for, and where they stand.
struct Keys {
  std::string file;
  std::shared_ptr<KeyRing> ring;  // null: nobody needs one
};

// What may have changed while the server runs. What cannot be read stays as it was.
void reload(Server& server, const Keys& keys, ServerLog& log) {
  if (server.tls() == nullptr && !keys.ring) {
    log.logger()->info("SIGHUP: the server goes on as it is; SIGTERM ends it");
  }
  if (keys.ring) reload_keys(*keys.ring, keys.file, *log.logger());
  if (server.tls() != nullptr) reload_certificate(*server.tls(), log);
}

// SIGHUP comes from a terminal that closes, or from who expects files to be opened anew.
void wait_for_stop(const sigset_t& signals, Server& server, const Keys& keys, ServerLog& log) {
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal != SIGHUP) return;
    reload(server, keys, log);
  }
}

// Lets running requests finish, until a second signal.
void stop_server(Server& server, std::chrono::milliseconds drain, const sigset_t& signals) {
  std::atomic<bool> stopped = false;
  std::thread second;
  try {
    second = std::thread([&] {
      for (int signal = SIGHUP; signal == SIGHUP && !stopped;) sigwait(&signals, &signal);
      if (!stopped) server.cut_short();
    });
  } catch (const std::exception&) {  // no thread to be had: a second signal is not heeded
  }
  server.stop(drain);
  stopped = true;
  if (!second.joinable()) return;
  pthread_kill(second.native_handle(), SIGHUP);  // wakes it if it still waits
  second.join();
}

// As many files as the connections need. Where the system allows fewer there are fewer
// connections, so that those beyond are refused and do not wait for a descriptor.
void allow_connections(int& connections_max, ServerLog& log) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t others = kOtherFiles + kHealthPlaces;
  const rlim_t wanted = static_cast<rlim_t>(connections_max) + others;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return;
  connections_max = static_cast<int>(limit.rlim_cur > others ? limit.rlim_cur - others : 1);
  log.announce(fmt::format("at most {} connections, as the system allows {} open files (ulimit -n)",
                           connections_max, limit.rlim_cur));
}

std::string ready_line(const Runtime& runtime, std::chrono::duration<double> since_start) {
  const ModelInfo& model = runtime.model();
  return fmt::format("ready after {:.2f} s: {} ({} parameters, {}) on {} thread{}",
                     since_start.count(), model.name, count_text(model.parameters),
                     model.weight_type, runtime.threads(), runtime.threads() == 1 ? "" : "s");
}

// What the model takes once all of it is in use; requests, records and the program itself come on
// top, and are bounded by options of their own.
std::string memory_line(const ModelInfo& model) {
  const uint64_t sum =
      model.packed_bytes + model.kv_bytes + model.state_bytes + model.step_bytes;
  std::string states;
  if (model.state_bytes > 0) states = " + recurrent states " + bytes_text(model.state_bytes);
  return fmt::format("memory: weights {} + KV {}{} + step buffers {} = {}",
                     bytes_text(model.packed_bytes), bytes_text(model.kv_bytes), states,
                     bytes_text(model.step_bytes), bytes_text(sum));
}

Result<std::unique_ptr<Runtime>> create_runtime(const RuntimeOptions& options,
                                                const TomlFile& config) {
  try {
    return Runtime::create(options, config);
  } catch (const std::exception& error) {
    return fail(ErrorCode::kResourceExhausted,
                fmt::format("loading the model: {}", shortage_text(error)));
  }
}

// Loads the model, hands it to the endpoints, and waits for a signal.
Result<void> serve_model(const Options& options, const TomlFile& config, BackendSlot& slot,
                         Observation& observation, Server& server, ServerLog& log,
                         const sigset_t& signals, const Keys& keys) {
  const auto start = std::chrono::steady_clock::now();
  std::atomic<bool> decided = false;  // by the end of loading or a signal, whichever came first
  auto loading = std::async(std::launch::async, [&] {
    auto runtime = create_runtime(options.runtime, config);
    if (decided.exchange(true)) return runtime;
    if (runtime) {
      observation.model_loaded(**runtime);
      Backend backend = (*runtime)->backend();
      backend.aliases = options.aliases;
      slot.set(std::make_shared<const Backend>(std::move(backend)));
      for (const std::string& warning : (*runtime)->warnings())
        log.announce(fmt::format("warning: {}: {}", (*runtime)->model().name, warning));
      log.announce("chat template: " + (*runtime)->pipeline().chat_template().describe());
      log.announce(memory_line((*runtime)->model()));
      log.announce(ready_line(**runtime, std::chrono::steady_clock::now() - start));
      observation.model_ready();
    } else {
      ::kill(::getpid(), SIGTERM);  // wakes the thread below
    }
    return runtime;
  });
  wait_for_stop(signals, server, keys, log);
  if (!decided.exchange(true)) {
    stop_server(server, options.drain_time, signals);
    const Result<void> finished = observation.finish();
    log.finish();
    std::_Exit(static_cast<int>(exit_code_of(finished, kErrorTime)));  // loading goes on
  }
  QAIO_ASSIGN(std::unique_ptr<Runtime> runtime, loading.get());
  stop_server(server, options.drain_time, signals);
  Result<void> finished = observation.finish();
  runtime.reset();  // the engine's last callbacks still refer to connections of the server
  return finished;
}

// Its rules may name the tasks of the same file.
Result<SloConfig> slo_config(const TomlFile& config) {
  TaskRegistry registry = TaskRegistry::built_in();
  QAIO_RETURN_IF_ERROR(registry.add_toml(config));
  std::vector<std::string> tasks = {"completion"};  // of OpenAI's endpoints
  for (const TaskDefinition& task : registry.all()) tasks.push_back(task.name);
  return read_slo_config(config, tasks);
}

Result<void> serve(CLI::App& command, Options& options) {
  QAIO_ASSIGN(const TomlFile config, apply_config(command, options.runtime.config));
  QAIO_ASSIGN(options.observation.slo, slo_config(config));
  if (options.observation.archive.csv_gzip && options.observation.archive.csv_folder.empty()) {
    throw CLI::ValidationError("--archive-csv-gzip compresses CSV files; add --archive-csv DIR");
  }
  Keys keys{.file = options.api_key_file, .ring = nullptr};
  if (!keys.file.empty()) {
    QAIO_ASSIGN(keys.ring, open_keys(keys.file));
  }
  options.server.keys = options.observation.keys = keys.ring;
  QAIO_ASSIGN(const std::vector<std::string> insecure,
              apply_listen_options(command, options.listen, keys.ring != nullptr, options.server));
  const sigset_t signals = block_signals();
  ServerLog log;
  if (keys.ring) warn_of_no_keys(*keys.ring, keys.file, *log.logger());
  BackendSlot slot;
  options.observation.threads = options.runtime.model.threads;
  options.observation.model = options.runtime.model.model;
  options.observation.port = options.server.port;
  QAIO_ASSIGN(const std::unique_ptr<Observation> observation,
              Observation::create(options.observation, slot, log));
  Router router;
  options.limits.messages_max = 2 * options.limits.history_turns_max + 2;
  add_page(router);
  add_api(router, slot, options.limits);
  observation->add_endpoints(router);
  options.server.export_traces = observation->exports_traces();
  options.server.record_paths = options.observation.archive.record_text;
  allow_connections(options.server.connections_max, log);
  QAIO_ASSIGN(const std::unique_ptr<Server> server,
              Server::start(options.server, std::move(router), observation->sink(),
                            SteadyClock::instance()));
  observation->listening(options.server, *server);
  for (const std::string& warning : insecure) log.announce("warning: " + warning);
  if (server->tls() != nullptr) announce_certificate(*server->tls(), log);
  for (const std::string& place : listening_places(options.server, server->port())) {
    log.announce("listening on " + place);
  }
  Result<void> served =
      serve_model(options, config, slot, *observation, *server, log, signals, keys);
  server->stop(std::chrono::milliseconds(0));  // of a model that could not be loaded
  Result<void> finished = observation->finish();
  return served ? finished : served;
}

// "requests-max" becomes "QAIO_REQUESTS_MAX".
std::string variable_of(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(c));
  });
  return "QAIO_" + name;
}

template <typename Count>
void add_count(CLI::App& command, const std::string& name, Count& value, int min, int max,
               const std::string& help) {
  command.add_option("--" + name, value, help)
      ->envname(variable_of(name))
      ->check(CLI::Range(min, max))
      ->type_name("N")
      ->capture_default_str();
}

void add_seconds(CLI::App& command, const std::string& name, std::chrono::milliseconds& value,
                 int min, const std::string& help) {
  constexpr int kDay = 24 * 60 * 60;
  const auto shown = std::chrono::duration_cast<std::chrono::seconds>(value);
  command
      .add_option_function<int>(
          "--" + name, [&value](int seconds) { value = std::chrono::seconds(seconds); }, help)
      ->envname(variable_of(name))
      ->check(CLI::Range(min, kDay))
      ->type_name("SECONDS")
      ->default_str(std::to_string(shown.count()));
}

// What is wrong with an element of a list; empty: nothing.
using Fault = std::string (*)(const std::string&);

std::string alias_fault(const std::string& name) {
  return name.empty() ? "'' is no name; give one that clients may use, as my-model" : "";
}

std::string host_fault(const std::string& name) {
  if (!name.empty() && name.find_first_of("/@?# ") == std::string::npos) return {};
  return "'" + name + "' is no host; give a name or an address alone, as example.org, or *";
}

std::string origin_fault(const std::string& origin) {
  if (origin == "*" || origin == "null") return {};  // "null" is what pages of files say
  const size_t scheme = origin.find("://");
  if (scheme != std::string::npos && scheme > 0) {
    std::string host = origin.substr(scheme + 3);
    if (host.ends_with('/')) host.pop_back();
    if (host_fault(host).empty()) return {};
  }
  return "'" + origin + "' is no origin; give scheme and host alone, as https://example.org, or *";
}

void add_list(CLI::App& command, const std::string& name, std::vector<std::string>& values,
              const std::string& type, Fault fault, const std::string& help) {
  command.add_option("--" + name, values, help)
      ->envname(variable_of(name))
      ->type_name(type)
      ->check(CLI::Validator(fault, ""))
      ->delimiter(',')
      ->allow_extra_args(false);
}

void add_mebibytes(CLI::App& command, const std::string& name, size_t& bytes, int max,
                   const std::string& help) {
  command
      .add_option_function<size_t>(
          "--" + name, [&bytes](size_t mebibytes) { bytes = mebibytes << 20; }, help)
      ->envname(variable_of(name))
      ->check(CLI::Range(1, max))
      ->type_name("MIB")
      ->default_str(std::to_string(bytes >> 20));
}

void add_limit_options(CLI::App& command, Options& options) {
  constexpr int kMany = 1 << 20;
  add_count(command, "requests-max", options.limits.requests_max, 1, kMany,
            "Requests to the model at once, computing or waiting; past it 503");
  add_count(command, "client-requests-max", options.limits.client_requests_max, 0, kMany,
            "The same of one client address, past it 429; 0: no limit");
  add_count(command, "connections-max", options.server.connections_max, 1, kMany,
            "Connections at once; past it 503");
  add_mebibytes(
      command, "http-memory-mib", options.server.memory_bytes_max, kMany,
      "MiB that connections, requests being read and answers being written may hold; past "
      "it 503");
  add_count(command, "body-bytes-max", options.server.body_bytes_max, 1024, 1 << 30,
            "Bytes of a request's body; past it 413");
  add_count(command, "history-turns-max", options.limits.history_turns_max, 0, kMany,
            "Earlier turns that /chat takes; past it 400");
  add_count(command, "new-tokens-max", options.limits.new_tokens_max, 0, kMany,
            "New tokens of a request at most; 0: as many as fit");
  add_count(command, "new-tokens-default", options.limits.new_tokens_default, 1, kMany,
            "New tokens of a chat completion that names no number, if so many fit");
  command
      .add_flag("--strict-lengths", options.limits.strict_lengths,
                "Refuse a request for more new tokens than there may be with 400, rather than give "
                "as many as there may be")
      ->envname("QAIO_STRICT_LENGTHS");
  add_count(command, "records-kept", options.observation.records_kept, 1, 100'000,
            "Requests whose records /requests shows; about 3 KiB each");
  add_seconds(command, "request-timeout", options.limits.request_time, 1,
              "What a request may take; past it 504");
  add_seconds(command, "read-timeout", options.server.read_timeout, 1,
              "What a request may take to arrive; past it 408");
  add_seconds(command, "idle-timeout", options.server.idle_timeout, 1,
              "How long a connection may be idle");
  add_seconds(command, "drain-timeout", options.drain_time, 0,
              "What running requests get to finish on SIGTERM or SIGINT");
}

}  // namespace

void add_serve(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("serve", "Serve the model over HTTP");
  add_runtime_options(*command, options->runtime);
  add_listen_options(*command, options->server, options->listen);
  command
      ->add_option("-a,--alias", options->aliases,
                   "What OpenAI clients may call the model; the first name stands in answers")
      ->envname("QAIO_ALIAS")
      ->type_name("NAME")
      ->check(CLI::Validator(alias_fault, ""))
      ->delimiter(',')
      ->allow_extra_args(false);
  add_list(*command, "allowed-host", options->server.allowed_hosts, "NAME", host_fault,
           "Name of this server in requests, beside its address and localhost; *: any");
  add_list(*command, "cors-origin", options->server.cors_origins, "ORIGIN", origin_fault,
           "Site whose pages may call from a browser, as https://example.org; *: any");
  add_api_key_file(*command, options->api_key_file,
                   "File of API keys, which `qaio keys` makes; without one whoever reaches the "
                   "server may use it. SIGHUP reads it anew");
  add_limit_options(*command, *options);
  add_archive_options(*command, options->observation.archive);
  add_otlp_options(*command, options->observation.otlp);
  command->callback([command, options, &exit_code] {
    exit_code = exit_code_of(serve(*command, *options), kErrorTime);
  });
}

}  // namespace qaio
