// qaio bench: how fast this machine reads prompts and generates, without server or sampling.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <vector>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/model_options.h"
#include "cli/terminal.h"
#include "kernels/isa.h"
#include "model/load.h"

namespace qaio {
namespace {

struct Options {
  ModelOptions model;
  std::vector<int> prompts = {56, 512};
  std::vector<int> generates = {64};
  int repeat = 5;
  bool json = false;
};

struct Test {
  std::string name;  // "pp56": a prompt of 56 tokens; "tg64": 64 tokens generated one by one
  int tokens = 0;
  bool prompt = false;
};

struct Speed {
  double median = 0;  // tok/s
  double spread = 0;  // tok/s, fastest minus slowest
};

std::vector<TokenId> random_tokens(int count, int vocab) {
  std::mt19937 random(1);
  std::uniform_int_distribution<TokenId> any(0, vocab - 1);
  std::vector<TokenId> tokens(static_cast<size_t>(count));
  for (TokenId& token : tokens) token = any(random);
  return tokens;
}

// Seconds for one run of the test; the KV memory was sized for it.
Result<double> run_once(Model& model, const Test& test) {
  const std::vector<TokenId> tokens = random_tokens(test.tokens, model.info().vocab);
  std::vector<float> logits(static_cast<size_t>(model.info().vocab));
  KvSequence kv(model.kv_pool());
  QAIO_RETURN_IF_ERROR(kv.reserve(test.tokens));
  const size_t step = test.prompt ? static_cast<size_t>(model.step_tokens_max()) : 1;
  const auto start = std::chrono::steady_clock::now();
  for (size_t at = 0; at < tokens.size(); at += step) {
    const size_t count = std::min(step, tokens.size() - at);
    const bool wanted = at + count == tokens.size() || !test.prompt;
    ForwardItem item{.kv = &kv,
                     .tokens = std::span(tokens).subspan(at, count),
                     .logits_at = wanted ? LogitsAt::kLast : LogitsAt::kNone,
                     .logit_rows = {},
                     .logits = wanted ? std::span(logits) : std::span<float>()};
    model.forward({&item, 1});
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The first run warms up and is not counted.
Result<Speed> measure(Model& model, const Test& test, int repeat, Progress& progress) {
  std::vector<double> speeds;
  for (int i = 0; i <= repeat; ++i) {
    progress.update(static_cast<double>(i) / (repeat + 1), test.name);
    QAIO_ASSIGN(const double seconds, run_once(model, test));
    if (i > 0) speeds.push_back(test.tokens / seconds);
  }
  std::sort(speeds.begin(), speeds.end());
  const size_t middle = speeds.size() / 2;
  return Speed{
      .median = speeds.size() % 2 == 1 ? speeds[middle] : (speeds[middle - 1] + speeds[middle]) / 2,
      .spread = speeds.back() - speeds.front()};
}

std::string json_row(const Test& test, const Speed& speed, const ModelInfo& info,
                     std::string_view isa, int threads) {
  return fmt::format(
      "  {{\"test\": \"{}\", \"tok_s\": {:.2f}, \"spread\": {:.2f}, \"tokens\": {}, "
      "\"threads\": {}, \"isa\": \"{}\", \"bytes_per_token\": {}, \"model\": {}, "
      "\"weight_type\": \"{}\"}}",
      test.name, speed.median, speed.spread, test.tokens, threads, isa, info.bytes_per_token,
      json_quote(info.name), info.weight_type);
}

void print_table(const std::vector<Test>& tests, const std::vector<Speed>& speeds,
                 const ModelInfo& info, std::string_view isa, int threads) {
  fmt::print("{}: {} parameters, {}, {} per generated token; {} on {} thread{}\n\n", info.name,
             count_text(info.parameters), info.weight_type, bytes_text(info.bytes_per_token), isa,
             threads, threads == 1 ? "" : "s");
  using enum Table::Align;
  Table table({kLeft, kRight, kRight, kRight});
  table.row({"test", "tok/s", "spread", "weights GB/s"});
  for (size_t i = 0; i < tests.size(); ++i) {
    const double read = speeds[i].median * static_cast<double>(info.bytes_per_token) / 1e9;
    table.row({tests[i].name, fmt::format("{:.1f}", speeds[i].median),
               fmt::format("{:.1f}", speeds[i].spread),
               tests[i].prompt ? "" : fmt::format("{:.1f}", read)});
  }
  fmt::print("{}", table.text());
}

Result<void> bench(const Options& options) {
  std::vector<Test> tests;
  int longest = 1;
  for (const int tokens : options.prompts)
    tests.push_back({.name = fmt::format("pp{}", tokens), .tokens = tokens, .prompt = true});
  for (const int tokens : options.generates)
    tests.push_back({.name = fmt::format("tg{}", tokens), .tokens = tokens, .prompt = false});
  for (const Test& test : tests) longest = std::max(longest, test.tokens);

  QAIO_ASSIGN(const Isa isa, isa_from_environment());
  QAIO_ASSIGN(const FileSet files, open_model(options.model.model));
  ThreadPool pool(options.model.threads);
  QAIO_ASSIGN(const LoadedModel loaded, load_model(files, pool, LoadOptions{.kv_tokens = longest}));
  const ModelInfo& info = loaded.model->info();

  std::vector<Speed> speeds;
  {
    Progress progress("Measuring");
    for (const Test& test : tests) {
      QAIO_ASSIGN(Speed speed, measure(*loaded.model, test, options.repeat, progress));
      speeds.push_back(speed);
    }
  }
  if (!options.json) {
    print_table(tests, speeds, info, isa_name(isa), pool.size());
    return {};
  }
  std::vector<std::string> rows;
  for (size_t i = 0; i < tests.size(); ++i)
    rows.push_back(json_row(tests[i], speeds[i], info, isa_name(isa), pool.size()));
  fmt::print("[\n{}\n]\n", fmt::join(rows, ",\n"));
  return {};
}

}  // namespace

void add_bench(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("bench", "Measure prompt and generation speed on this machine");
  add_model_options(*command, options->model);
  const auto tokens = CLI::Range(1, 1 << 20);
  command->add_option("--prompt", options->prompts, "Prompt lengths in tokens")
      ->delimiter(',')
      ->check(tokens)
      ->type_name("N,...")
      ->capture_default_str();
  command->add_option("--generate", options->generates, "Tokens to generate one by one")
      ->delimiter(',')
      ->check(tokens)
      ->type_name("N,...")
      ->capture_default_str();
  command->add_option("--repeat", options->repeat, "Counted runs of each test")
      ->check(CLI::Range(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &exit_code] { exit_code = exit_code_of(bench(*options)); });
}

}  // namespace qaio
