// qaio serve: the HTTP server. It listens at once and is ready when the model is warm.
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/config.h"
#include "cli/runtime.h"
#include "cli/terminal.h"
#include "server/api.h"
#include "server/perf_log.h"
#include "server/server.h"

namespace qaio {
namespace {

// What running requests get to finish when the program is told to stop.
constexpr std::chrono::milliseconds kDrainTime{5000};

struct Options {
  RuntimeOptions runtime;
  ServerOptions server;
};

// SIGTERM and SIGINT wait until somebody asks for them; threads started later inherit that.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a closed log must not end the server
  return signals;
}

void announce(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string ready_line(const Runtime& runtime, std::chrono::duration<double> since_start) {
  const ModelInfo& model = runtime.model();
  return fmt::format("ready after {:.2f} s: {} ({} parameters, {}) on {} thread{}",
                     since_start.count(), model.name, count_text(model.parameters),
                     model.weight_type, runtime.threads(), runtime.threads() == 1 ? "" : "s");
}

// Loads the model, hands it to the endpoints, and waits for a signal.
Result<void> serve_model(const Options& options, const std::string& tasks, BackendSlot& slot,
                         Server& server, const sigset_t& signals) {
  const auto start = std::chrono::steady_clock::now();
  std::atomic<bool> settled = false;
  auto loading = std::async(std::launch::async, [&] {
    auto runtime = Runtime::create(options.runtime, tasks);
    settled = true;
    if (runtime) {
      slot.set(std::make_shared<const Backend>((*runtime)->backend()));
      announce(ready_line(**runtime, std::chrono::steady_clock::now() - start));
    } else {
      ::kill(::getpid(), SIGTERM);  // wakes the thread below
    }
    return runtime;
  });
  int signal = 0;
  sigwait(&signals, &signal);
  if (!settled) std::_Exit(0);  // loading cannot be interrupted, and nothing is lost
  QAIO_ASSIGN(std::unique_ptr<Runtime> runtime, loading.get());
  server.stop(kDrainTime);
  runtime.reset();  // the engine's last callbacks still refer to connections of the server
  return {};
}

Result<void> serve(CLI::App& command, Options& options) {
  QAIO_ASSIGN(const std::string tasks, apply_config(command, options.runtime.config));
  const sigset_t signals = block_stop_signals();
  BackendSlot slot;
  Router router;
  add_api(router, slot, ApiLimits());
  QAIO_ASSIGN(const std::unique_ptr<Server> server,
              Server::start(options.server, std::move(router),
                            perf_log(spdlog::stderr_color_mt("qaio")), SteadyClock::instance()));
  const std::string& host = options.server.host;
  announce(fmt::format("listening on http://{}:{}",
                       host.find(':') == std::string::npos ? host : "[" + host + "]",
                       server->port()));
  return serve_model(options, tasks, slot, *server, signals);
}

}  // namespace

void add_serve(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("serve", "Serve the model over HTTP");
  add_runtime_options(*command, options->runtime);
  command->add_option("--host", options->server.host, "Address to listen on")
      ->envname("QAIO_HOST")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command->add_option("-p,--port", options->server.port, "Port to listen on; 0: any free one")
      ->envname("QAIO_PORT")
      ->check(CLI::Range(0, 65535))
      ->type_name("N")
      ->capture_default_str();
  command->callback(
      [command, options, &exit_code] { exit_code = exit_code_of(serve(*command, *options)); });
}

}  // namespace qaio
