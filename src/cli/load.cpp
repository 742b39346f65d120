// qaio load: sends requests to a server of any make and measures its answers.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/load_report.h"
#include "cli/terminal.h"
#include "load/load_run.h"
#include "load/survey.h"

namespace qaio {
namespace {

constexpr int kOpenLoopInFlight = 256;  // unless --concurrency says otherwise
constexpr int kClosedLoopClients = 8;
constexpr double kDurationSeconds = 10;  // unless there is a --count or --duration

struct Options {
  std::string url = "http://127.0.0.1:8080";
  std::string endpoint;
  std::string model;
  std::string api_key;
  std::vector<std::string> headers;

  std::optional<int> concurrency;
  std::optional<double> rate;
  std::optional<uint64_t> count;
  std::optional<double> duration_s;
  uint64_t warmup = 1;
  double timeout_s = 120;

  std::string prompt_tokens = "64";
  std::string output_tokens = "64";
  int shared_prefix = 0;
  std::string requests;
  std::string extra_body = "{}";
  bool ignore_eos = false;
  uint64_t seed = 0;

  std::string sla;
  double sla_percent = 95;
  bool json = false;
};

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

Result<Target> target_of(const Options& options) {
  QAIO_ASSIGN(Target target, parse_target(options.url, options.endpoint));
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

Result<BodyOptions> body_options(const Options& options, const Target& target) {
  BodyOptions body{.api = target.api,
                   .model = options.model,
                   .extra = {},
                   .output_tokens = *Lengths::parse(options.output_tokens),
                   .seed = options.seed};
  QAIO_ASSIGN(boost::json::value extra, parse_json(options.extra_body, "--extra-body"));
  if (!extra.is_object())
    return fail(ErrorCode::kInvalidArgument, "--extra-body must be a JSON object");
  body.extra = std::move(extra.get_object());
  if (options.ignore_eos) body.extra["ignore_eos"] = true;
  return body;
}

LoadOptions load_options(const Options& options) {
  LoadOptions load{.concurrency = options.concurrency.value_or(options.rate ? kOpenLoopInFlight
                                                                            : kClosedLoopClients),
                   .rate = options.rate,
                   .warmup = options.warmup,
                   .count = options.count,
                   .duration = {},
                   .timeout = nanoseconds(options.timeout_s),
                   .seed = options.seed,
                   .sla = {}};
  if (options.duration_s || !options.count)
    load.duration = nanoseconds(options.duration_s.value_or(kDurationSeconds));
  if (!options.sla.empty()) load.sla = *Sla::parse(options.sla);
  return load;
}

// Asks the server for what the options leave open.
Result<std::unique_ptr<Workload>> make_workload(const Options& options, const Target& target,
                                                const Endpoints& endpoints, BodyOptions& body,
                                                LoadSetting& setting) {
  if (target.api != LoadApi::kQaioChat && body.model.empty()) {
    QAIO_ASSIGN(body.model, first_model(target, endpoints));
  }
  setting.model = body.model;
  if (!options.requests.empty()) {
    setting.prompt_lengths = "file";
    QAIO_ASSIGN(std::unique_ptr<Workload> workload, FileWorkload::open(options.requests, body));
    return workload;
  }
  PromptText text(options.seed, options.shared_prefix);
  QAIO_RETURN_IF_ERROR(calibrate(target, endpoints, text));
  setting.prompt_lengths = text.exact() ? "exact" : "approximate";
  return std::make_unique<GeneratedWorkload>(
      body, std::move(text), *Lengths::parse(options.prompt_tokens), options.shared_prefix);
}

LoadReport run_with_progress(const LoadOptions& load, const Target& target,
                             const Endpoints& endpoints, const Workload& workload) {
  Progress progress("Loading");
  return run_load(load, target, endpoints, workload, [&](const LoadProgress& state) {
    const std::string failed = state.failed > 0 ? fmt::format(", {} failed", state.failed) : "";
    progress.update(
        state.fraction,
        fmt::format("{}{} done{}, {} in flight, {:.0f} tok/s", state.warming_up ? "warm-up: " : "",
                    state.succeeded, failed, state.in_flight, state.output_tok_s));
  });
}

Result<ExitCode> load(const Options& options, const Target& target, BodyOptions body) {
  const LoadOptions load = load_options(options);
  LoadSetting setting{.url = target.url(),
                      .model = {},
                      .concurrency = load.concurrency,
                      .rate = load.rate,
                      .seed = load.seed,
                      .sla_percent = options.sla_percent,
                      .prompt_lengths = {}};
  QAIO_ASSIGN(const Endpoints endpoints, resolve(target));
  QAIO_ASSIGN(const auto workload, make_workload(options, target, endpoints, body, setting));
  raise_open_files_limit();
  const LoadReport report = run_with_progress(load, target, endpoints, *workload);
  fmt::print("{}", options.json ? load_json(report, setting) : load_table(report, setting));
  if (report.summary.succeeded() == 0)
    return fail(ErrorCode::kIo, "no request succeeded at " + target.url());
  return sla_met(report, options.sla_percent) ? ExitCode::kOk : ExitCode::kNo;
}

ExitCode load_command(const Options& options) {
  const Result<Target> target = target_of(options);
  if (!target) throw CLI::ValidationError(target.error().message);
  Result<BodyOptions> body = body_options(options, *target);
  if (!body) throw CLI::ValidationError(body.error().message);
  const Result<ExitCode> code = load(options, *target, *std::move(body));
  return code ? *code : exit_code_of(tl::unexpected<Error>(code.error()));
}

// A check whose message is `parse`'s error.
template <typename Parse>
CLI::Validator parses(Parse parse) {
  return CLI::Validator(
      [parse](const std::string& text) {
        const auto parsed = parse(text);
        return parsed ? std::string() : parsed.error().message;
      },
      "");
}

void add_target_options(CLI::App& command, Options& options) {
  constexpr auto kGroup = "Server";
  command.add_option("-u,--url,--base-url", options.url, "The server, or a whole endpoint")
      ->envname("QAIO_URL")
      ->type_name("URL")
      ->capture_default_str()
      ->group(kGroup);
  command
      .add_option("-e,--endpoint", options.endpoint,
                  "/chat, /v1/chat/completions, /v1/completions; default: /chat, unless the URL "
                  "has one")
      ->type_name("PATH")
      ->group(kGroup);
  command
      .add_option("-m,--model", options.model,
                  "Model name to ask for at OpenAI endpoints; default: the first one listed")
      ->type_name("NAME")
      ->group(kGroup);
  command.add_option("--api-key", options.api_key, "Sent as a bearer token")
      ->envname("QAIO_API_KEY")
      ->type_name("KEY")
      ->group(kGroup);
  command.add_option("-H,--header", options.headers, "Header of every request; may be repeated")
      ->type_name("'NAME: VALUE'")
      ->allow_extra_args(false)
      ->group(kGroup);
  command.add_option("--timeout", options.timeout_s, "Time for each request")
      ->check(CLI::Range(0.001, 86400.0))
      ->type_name("SECONDS")
      ->capture_default_str()
      ->group(kGroup);
}

void add_loop_options(CLI::App& command, Options& options) {
  constexpr auto kGroup = "Load";
  command
      .add_option("-c,--concurrency,--max-concurrency", options.concurrency,
                  "Clients of the closed loop, each with one request at a time (8); with --rate: "
                  "requests in flight at most (256)")
      ->check(CLI::Range(1, 20000))
      ->type_name("N")
      ->group(kGroup);
  command
      .add_option("-r,--rate,--request-rate", options.rate,
                  "Open loop: Poisson arrivals, whether answers come or not; times are measured "
                  "from when a request was due")
      ->check(CLI::Range(1e-3, 1e6))
      ->type_name("PER_SECOND")
      ->group(kGroup);
  command.add_option("-n,--count,--num-prompts", options.count, "Requests to measure")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}))
      ->type_name("N")
      ->group(kGroup);
  command
      .add_option("-d,--duration", options.duration_s,
                  "Send for so long (10, unless there is a --count); running requests finish")
      ->check(CLI::Range(0.1, 604800.0))
      ->type_name("SECONDS")
      ->group(kGroup);
  command
      .add_option("-w,--warmup,--num-warmups", options.warmup,
                  "Requests before the measured ones, with no part in any figure")
      ->check(CLI::Range(uint64_t{0}, uint64_t{1'000'000}))
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
}

void add_request_options(CLI::App& command, Options& options) {
  constexpr auto kGroup = "Requests";
  CLI::Option* prompt =
      command
          .add_option("--prompt-tokens,--random-input-len", options.prompt_tokens,
                      "Length of the text: N, MIN-MAX, normal:MEAN:DEVIATION or exp:MEAN")
          ->check(parses(Lengths::parse))
          ->type_name("LENGTH")
          ->capture_default_str()
          ->group(kGroup);
  command
      .add_option("--output-tokens,--random-output-len", options.output_tokens,
                  "Tokens to ask for, likewise; models may stop earlier")
      ->check(parses(Lengths::parse))
      ->type_name("LENGTH")
      ->capture_default_str()
      ->group(kGroup);
  CLI::Option* prefix =
      command
          .add_option("--shared-prefix,--random-prefix-len", options.shared_prefix,
                      "Tokens in front of every text that are the same in all: for prefix caches")
          ->check(CLI::Range(0, Lengths::kTokensMax))
          ->type_name("N")
          ->capture_default_str()
          ->group(kGroup);
  command
      .add_option("--requests,--dataset-path", options.requests,
                  "JSONL file of requests instead: bodies for the endpoint, or {\"prompt\", "
                  "\"output_tokens\"}; taken in order, over and over")
      ->type_name("FILE")
      ->excludes(prompt)
      ->excludes(prefix)
      ->group(kGroup);
  command.add_option("--extra-body", options.extra_body, "Fields to add to every body")
      ->type_name("JSON")
      ->group(kGroup);
  command
      .add_flag("--ignore-eos", options.ignore_eos,
                "Ask for answers of full length (qaio, llama-server, vLLM; not every server)")
      ->group(kGroup);
  command.add_option("--seed", options.seed, "Of texts, lengths and arrivals")
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
}

void add_report_options(CLI::App& command, Options& options) {
  constexpr auto kGroup = "Report";
  command
      .add_option("--sla,--goodput", options.sla,
                  "What a good request keeps, in ms: ttft:200,tpot:50,total:1000")
      ->check(parses(Sla::parse))
      ->type_name("LIMITS")
      ->group(kGroup);
  command
      .add_option("--sla-percent", options.sla_percent,
                  "Good requests needed for exit code 0; fewer: 1")
      ->check(CLI::Range(0.0, 100.0))
      ->type_name("PERCENT")
      ->capture_default_str()
      ->group(kGroup);
  command.add_flag("--json", options.json, "Print JSON")->group(kGroup);
}

}  // namespace

void add_load(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("load", "Send many requests to a server and measure its answers");
  add_target_options(*command, *options);
  add_loop_options(*command, *options);
  add_request_options(*command, *options);
  add_report_options(*command, *options);
  command->callback([options, &exit_code] { exit_code = load_command(*options); });
}

}  // namespace qaio
