// qaio load: sends requests to a server of any make and measures its answers.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/load_options.h"
#include "cli/load_table.h"
#include "cli/terminal.h"
#include "load/load_json.h"
#include "load/load_run.h"
#include "load/survey.h"

namespace qaio {
namespace {

constexpr int kOpenLoopInFlight = 256;  // unless --concurrency says otherwise
constexpr int kClosedLoopClients = 8;
constexpr double kDurationSeconds = 10;  // unless there is a --count or --duration

std::chrono::nanoseconds nanoseconds(double seconds) {
  return std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
}

// Every request in flight is a file to the system.
void raise_open_files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

Result<Target> target_of(const LoadCommandOptions& options) {
  QAIO_ASSIGN(Target target, parse_target(options.url, options.endpoint, api_named(options.api)));
  const TransportOptions& transport = options.transport;
  const bool of_tls =
      transport.insecure || !transport.ca_file.empty() || !transport.cert_file.empty();
  if (of_tls && !target.tls) {
    return fail(ErrorCode::kInvalidArgument,
                "--ca-file, --insecure and --cert-file are for https://, not " + target.url());
  }
  if (!options.api_key.empty())
    target.headers.emplace_back("Authorization", "Bearer " + options.api_key);
  for (const std::string& header : options.headers) {
    const size_t colon = header.find(':');
    const size_t value = header.find_first_not_of(' ', std::min(colon, header.size() - 1) + 1);
    const bool whole = colon != 0 && colon != std::string::npos && value != std::string::npos &&
                       header.find_first_of("\r\n") == std::string::npos;
    if (!whole)
      return fail(ErrorCode::kInvalidArgument, "a header is NAME: VALUE, not '" + header + "'");
    target.headers.emplace_back(header.substr(0, colon), header.substr(value));
  }
  return target;
}

Result<BodyOptions> body_options(const LoadCommandOptions& options, const Target& target) {
  BodyOptions body{.api = target.api,
                   .model = options.model,
                   .extra = {},
                   .output_tokens = *Lengths::parse(options.output_tokens),
                   .questions = options.questions.value_or(1),
                   .seed = options.seed};
  if (options.questions && !decides(target.api)) {
    return fail(ErrorCode::kInvalidArgument,
                "--questions is for --api systemone and --api decisions, which decide");
  }
  if (options.ignore_eos && decides(target.api))
    return fail(ErrorCode::kInvalidArgument, "--ignore-eos is for APIs that generate text");
  QAIO_ASSIGN(boost::json::value extra, parse_json(options.extra_body, "--extra-body"));
  if (!extra.is_object())
    return fail(ErrorCode::kInvalidArgument, "--extra-body must be a JSON object");
  body.extra = std::move(extra.get_object());
  if (options.ignore_eos) body.extra["ignore_eos"] = true;
  return body;
}

LoadRunOptions load_options(const LoadCommandOptions& options) {
  LoadRunOptions load{.concurrency = options.concurrency.value_or(
                          options.rate ? kOpenLoopInFlight : kClosedLoopClients),
                      .rate = options.rate,
                      .warmup = options.warmup,
                      .count = options.count,
                      .duration = {},
                      .timeout = nanoseconds(options.timeout_s),
                      .seed = options.seed,
                      .slo = {}};
  if (options.duration_s || !options.count)
    load.duration = nanoseconds(options.duration_s.value_or(kDurationSeconds));
  if (!options.slo.empty()) load.slo = *Slo::parse(options.slo);
  return load;
}

// Asks the server for what the options leave open.
Result<std::unique_ptr<Workload>> make_workload(const LoadCommandOptions& options,
                                                const Target& target, const Transport& transport,
                                                BodyOptions& body, LoadSetting& setting) {
  if (target.api != LoadApi::kQaioChat && body.model.empty()) {
    QAIO_ASSIGN(body.model, first_model(target, transport));
  }
  setting.model = body.model;
  if (!options.requests.empty()) {
    setting.prompt_lengths = "file";
    QAIO_ASSIGN(std::unique_ptr<Workload> workload, FileWorkload::open(options.requests, body));
    return workload;
  }
  PromptText text(options.seed, options.shared_prefix);
  QAIO_RETURN_IF_ERROR(calibrate(target, transport, text));
  setting.prompt_lengths = text.exact() ? "exact" : "approximate";
  return std::make_unique<GeneratedWorkload>(
      body, std::move(text), *Lengths::parse(options.prompt_tokens), options.shared_prefix);
}

LoadReport run_with_progress(const LoadRunOptions& load, const Target& target,
                             const Transport& transport, const Workload& workload) {
  Progress progress("Loading");
  return run_load(load, target, transport, workload, [&](const LoadProgress& state) {
    const std::string failed = state.failed > 0 ? fmt::format(", {} failed", state.failed) : "";
    const std::string speed = decides(target.api)
                                  ? fmt::format("{:.0f} questions/s", state.questions_s)
                                  : fmt::format("{:.0f} tok/s", state.output_tok_s);
    progress.update(state.fraction, fmt::format("{}{} done{}, {} in flight, {}",
                                                state.warming_up ? "warm-up: " : "",
                                                state.succeeded, failed, state.in_flight, speed));
  });
}

Result<ExitCode> load(const LoadCommandOptions& options, const Target& target, BodyOptions body) {
  const LoadRunOptions load = load_options(options);
  LoadSetting setting{.url = target.url(),
                      .api = target.api,
                      .model = {},
                      .concurrency = load.concurrency,
                      .rate = load.rate,
                      .seed = load.seed,
                      .slo_percent = options.slo_percent,
                      .prompt_lengths = {}};
  QAIO_ASSIGN(const Transport transport, make_transport(target, options.transport));
  QAIO_ASSIGN(const auto workload, make_workload(options, target, transport, body, setting));
  raise_open_files_limit();
  const LoadReport report = run_with_progress(load, target, transport, *workload);
  fmt::print("{}", options.json ? load_json(report, setting) : load_table(report, setting));
  if (report.summary.succeeded() == 0)
    return fail(ErrorCode::kIo, "no request succeeded at " + target.url());
  return report.slo_met(options.slo_percent) ? ExitCode::kOk : ExitCode::kNo;
}

ExitCode load_command(const LoadCommandOptions& options) {
  const Result<Target> target = target_of(options);
  if (!target) throw CLI::ValidationError(target.error().message);
  Result<BodyOptions> body = body_options(options, *target);
  if (!body) throw CLI::ValidationError(body.error().message);
  const Result<ExitCode> code = load(options, *target, *std::move(body));
  return code ? *code : exit_code_of(tl::unexpected<Error>(code.error()));
}

}  // namespace

void add_load(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<LoadCommandOptions>();
  CLI::App* command =
      app.add_subcommand("load", "Send many requests to a server and measure its answers");
  add_load_options(*command, *options);
  command->callback([options, &exit_code] { exit_code = load_command(*options); });
}

}  // namespace qaio
