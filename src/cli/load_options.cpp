#include "cli/load_options.h"

#include "load/api.h"
#include "load/lengths.h"
#include "load/summary.h"

namespace qaio {
namespace {

constexpr int kQuestionsMax = 400;  // that OpenAI takes in a request

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

void add_target_options(CLI::App& command, LoadCommandOptions& options) {
  constexpr auto kGroup = "Server";
  command.add_option("-u,--url,--base-url", options.url, "The server, or a whole endpoint")
      ->envname("QAIO_URL")
      ->type_name("URL")
      ->capture_default_str()
      ->group(kGroup);
  command
      .add_option("-e,--endpoint", options.endpoint,
                  "/chat, /v1/chat/completions, /v1/completions, /v1/systemone, /v1/decisions")
      ->type_name("PATH")
      ->group(kGroup);
  std::vector<std::string> apis;
  for (const LoadApiTraits& api : load_apis()) apis.emplace_back(api.name);
  command
      .add_option("--api", options.api, "What the endpoint speaks, where its path does not tell")
      ->check(CLI::IsMember(apis))
      ->type_name("NAME")
      ->group(kGroup);
  command
      .add_option("-m,--model", options.model,
                  "For OpenAI endpoints; else the first the server lists")
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

void add_transport_options(CLI::App& command, TransportOptions& options) {
  constexpr auto kGroup = "Connection";
  command
      .add_option("--unix-socket", options.unix_socket,
                  "Socket to connect to; the URL says the rest, as http://localhost/chat")
      ->type_name("PATH")
      ->group(kGroup);
  CLI::Option* authority =
      command
          .add_option("--ca-file,--cacert", options.ca_file,
                      "PEM: whom to trust for https:// (else whom the system does)")
          ->type_name("FILE")
          ->group(kGroup);
  command.add_flag("-k,--insecure", options.insecure, "Trust whatever certificate the server has")
      ->excludes(authority)
      ->group(kGroup);
  CLI::Option* certificate = command
                                 .add_option("-E,--cert-file,--cert", options.cert_file,
                                             "PEM: the client's own certificate, for https://")
                                 ->type_name("FILE")
                                 ->group(kGroup);
  command
      .add_option("--key-file,--key", options.key_file, "PEM: its key, unless it is in --cert-file")
      ->needs(certificate)
      ->type_name("FILE")
      ->group(kGroup);
}

void add_loop_options(CLI::App& command, LoadCommandOptions& options) {
  constexpr auto kGroup = "Load";
  command
      .add_option("-c,--concurrency,--max-concurrency", options.concurrency,
                  "Closed loop: so many clients (8). With --rate: in flight at most (256)")
      ->check(CLI::Range(1, 20000))
      ->type_name("N")
      ->group(kGroup);
  command
      .add_option("-r,--rate,--request-rate", options.rate,
                  "Open loop: Poisson arrivals, timed from when they were due")
      ->check(CLI::Range(1e-3, 1e6))
      ->type_name("PER_SECOND")
      ->group(kGroup);
  command.add_option("-n,--count,--num-prompts", options.count, "Requests to measure")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}))
      ->type_name("N")
      ->group(kGroup);
  command
      .add_option("-d,--duration", options.duration_s,
                  "Send for so long (10 without --count); then running requests finish")
      ->check(CLI::Range(0.1, 604800.0))
      ->type_name("SECONDS")
      ->group(kGroup);
  command
      .add_option("-w,--warmup,--num-warmups", options.warmup,
                  "Requests before, with no part in any figure")
      ->check(CLI::Range(uint64_t{0}, uint64_t{1'000'000}))
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
}

void add_request_options(CLI::App& command, LoadCommandOptions& options) {
  constexpr auto kGroup = "Requests";
  CLI::Option* prompt =
      command
          .add_option("--prompt-tokens,--random-input-len", options.prompt_tokens,
                      "Length of texts: N, MIN-MAX, normal:MEAN:DEVIATION or exp:MEAN")
          ->check(parses(Lengths::parse))
          ->type_name("LENGTH")
          ->capture_default_str()
          ->group(kGroup);
  command
      .add_option("--output-tokens,--random-output-len", options.output_tokens,
                  "Length to ask for, likewise; models may stop earlier")
      ->check(parses(Lengths::parse))
      ->type_name("LENGTH")
      ->capture_default_str()
      ->group(kGroup);
  command
      .add_option("--questions", options.questions,
                  "Yes/no questions about each text (1); of /v1/systemone and /v1/decisions")
      ->check(CLI::Range(1, kQuestionsMax))
      ->type_name("N")
      ->group(kGroup);
  CLI::Option* prefix =
      command
          .add_option("--shared-prefix,--random-prefix-len", options.shared_prefix,
                      "Tokens in front of every text, the same in all")
          ->check(CLI::Range(0, Lengths::kTokensMax))
          ->type_name("N")
          ->capture_default_str()
          ->group(kGroup);
  command
      .add_option("--requests,--dataset-path", options.requests,
                  "JSONL: bodies for the endpoint, or {\"prompt\", \"output_tokens\"}")
      ->type_name("FILE")
      ->excludes(prompt)
      ->excludes(prefix)
      ->group(kGroup);
  command.add_option("--extra-body", options.extra_body, "Fields to add to every body")
      ->type_name("JSON")
      ->group(kGroup);
  command
      .add_flag("--ignore-eos", options.ignore_eos,
                "Ask for full-length answers; not every server knows it")
      ->group(kGroup);
  command.add_option("--seed", options.seed, "Of texts, lengths and arrivals")
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
}

void add_report_options(CLI::App& command, LoadCommandOptions& options) {
  constexpr auto kGroup = "Report";
  command
      .add_option("--sla,--goodput", options.slo,
                  "Limits in ms for goodput: ttft:200,tpot:50,total:1000")
      ->check(parses(Slo::parse))
      ->type_name("LIMITS")
      ->group(kGroup);
  command
      .add_option("--sla-percent", options.slo_percent,
                  "Requests that must keep them; fewer: exit code 1")
      ->check(CLI::Range(0.0, 100.0))
      ->type_name("PERCENT")
      ->capture_default_str()
      ->group(kGroup);
  command.add_flag("--json", options.json, "Print JSON")->group(kGroup);
}

}  // namespace

void add_load_options(CLI::App& command, LoadCommandOptions& options) {
  add_target_options(command, options);
  add_transport_options(command, options.transport);
  add_loop_options(command, options);
  add_request_options(command, options);
  add_report_options(command, options);
}

}  // namespace qaio
