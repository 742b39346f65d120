// qaio bench: how fast this machine reads prompts and generates, and how fast it could at most.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

#include "app/model_options.h"
#include "cli/bench_run.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/terminal.h"
#include "kernels/isa.h"
#include "kernels/limits.h"
#include "model/load.h"

namespace qaio {
namespace {

struct Options {
  ModelOptions model;
  std::string weights = "auto";
  KvType kv_type = KvType::kF16;
  std::vector<int> prompts = {56, 512};
  std::vector<int> generates = {64};
  std::vector<int> contexts = {0};
  int repeat = 5;
  bool limits = false;
  bool json = false;
};

std::vector<BenchTest> tests_of(const Options& options) {
  std::vector<BenchTest> tests;
  for (const int tokens : options.prompts) tests.push_back(prompt_test(tokens));
  for (const int context : options.contexts)
    for (const int tokens : options.generates) tests.push_back(generate_test(tokens, context));
  return tests;
}

// What all results of one call have in common.
struct Setting {
  ModelInfo model;
  std::string_view isa;
  int threads = 1;
};

struct Outcome {
  BenchTest test;
  BenchSpeed speed;
  MachineLimits limits;  // measured between its runs: what disturbs one disturbs the other
};

// Measures the limits again and again.
class LimitsMeter {
 public:
  LimitsMeter(Isa isa, ThreadPool& pool) : isa_(isa), pool_(pool) {}

  void measure() {
    const Result<MachineLimits> limits = measure_limits(isa_, pool_);
    if (!limits) {
      error_ = limits.error();
      return;
    }
    read_gb_s_.push_back(limits->read_gb_s);
    int8_gop_s_.push_back(limits->int8_gop_s);
  }
  Result<MachineLimits> medians() {
    if (error_) return tl::unexpected<Error>(*error_);
    return MachineLimits{.read_gb_s = middle(read_gb_s_), .int8_gop_s = middle(int8_gop_s_)};
  }

 private:
  static double middle(std::vector<double>& values) {
    const auto at = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, at);
    return *at;
  }

  Isa isa_;
  ThreadPool& pool_;
  std::vector<double> read_gb_s_;
  std::vector<double> int8_gop_s_;
  std::optional<Error> error_;
};

std::string json_row(const Outcome& outcome, const Setting& setting) {
  const auto& [test, speed, limits] = outcome;
  return fmt::format(
      "  {{\"test\": \"{}\", \"tok_s\": {:.2f}, \"spread\": {:.2f}, \"tokens\": {}, "
      "\"context\": {}, \"threads\": {}, \"isa\": \"{}\", \"bytes_per_token\": {}, "
      "\"gb_s\": {:.2f}, \"gb_s_limit\": {:.2f}, \"gop_s\": {:.2f}, \"gop_s_limit\": {:.2f}, "
      "\"model\": {}, \"weight_type\": \"{}\"}}",
      test.name, speed.tok_s, speed.spread, test.tokens, test.context, setting.threads, setting.isa,
      setting.model.bytes_per_token, speed.gb_s, limits.read_gb_s, speed.gop_s, limits.int8_gop_s,
      json_quote(setting.model.name), setting.model.weight_type);
}

std::string threads_text(int threads) {
  return fmt::format("{} thread{}", threads, threads == 1 ? "" : "s");
}

std::string share(double rate, double limit) { return fmt::format("{:.0f} %", 100 * rate / limit); }

void print_table(const std::vector<Outcome>& outcomes, const Setting& setting) {
  const ModelInfo& info = setting.model;
  fmt::print("{}: {} parameters, {}, {} per generated token; {} on {}\n\n", info.name,
             count_text(info.parameters), info.weight_type, bytes_text(info.bytes_per_token),
             setting.isa, threads_text(setting.threads));
  using enum Table::Align;
  Table table({kLeft, kRight, kRight, kRight, kRight, kRight, kRight, kRight, kRight});
  table.row({"test", "tok/s", "spread", "GB/s", "limit", "share", "Gop/s", "limit", "share"});
  for (const auto& [test, speed, limits] : outcomes) {
    table.row({test.name, fmt::format("{:.1f}", speed.tok_s), fmt::format("{:.1f}", speed.spread),
               fmt::format("{:.1f}", speed.gb_s), fmt::format("{:.1f}", limits.read_gb_s),
               share(speed.gb_s, limits.read_gb_s), fmt::format("{:.0f}", speed.gop_s),
               fmt::format("{:.0f}", limits.int8_gop_s), share(speed.gop_s, limits.int8_gop_s)});
  }
  fmt::print("{}", table.text());
}

Result<void> print_limits(const Options& options) {
  QAIO_ASSIGN(const Isa isa, isa_from_environment());
  ThreadPool pool(options.model.threads, options.model.pinning());
  QAIO_ASSIGN(const MachineLimits limits, measure_limits(isa, pool));
  if (options.json) {
    fmt::print(
        "{{\"gb_s_limit\": {:.2f}, \"gop_s_limit\": {:.2f}, \"threads\": {}, \"isa\": \"{}\"}}\n",
        limits.read_gb_s, limits.int8_gop_s, pool.size(), isa_name(isa));
    return {};
  }
  fmt::print("memory read  {:8.1f} GB/s\nint8 peak    {:8.0f} Gop/s   ({} on {})\n",
             limits.read_gb_s, limits.int8_gop_s, isa_name(isa), threads_text(pool.size()));
  return {};
}

Result<void> check_lengths(const std::vector<BenchTest>& tests, const ModelInfo& model) {
  for (const BenchTest& test : tests) {
    if (test.context + test.tokens <= model.context_max) continue;
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} needs {} positions, but {} has {}", test.name,
                            test.context + test.tokens, model.name, model.context_max));
  }
  return {};
}

Result<void> bench(const Options& options) {
  const std::vector<BenchTest> tests = tests_of(options);
  QAIO_ASSIGN(const Isa isa, isa_from_environment());
  QAIO_ASSIGN(const FileSet files, open_model(options.model.model));
  ThreadPool pool(options.model.threads, options.model.pinning());
  QAIO_ASSIGN(const LoadedModel loaded,
              load_model(files, pool,
                         LoadOptions{.weights = *weights_mode_from_name(options.weights),
                                     .kv_tokens = bench_kv_tokens(tests),
                                     .kv_type = options.kv_type}));
  QAIO_RETURN_IF_ERROR(check_lengths(tests, loaded.model->info()));
  Setting setting{.model = loaded.model->info(), .isa = isa_name(isa), .threads = pool.size()};

  std::vector<Outcome> outcomes;
  {
    Progress progress("Measuring");
    for (const BenchTest& test : tests) {
      LimitsMeter limits(isa, pool);
      const auto on_run = [&](double fraction) {
        progress.update(fraction, test.name);
        limits.measure();
      };
      QAIO_ASSIGN(const BenchSpeed speed, run_bench(*loaded.model, test, options.repeat, on_run));
      QAIO_ASSIGN(const MachineLimits medians, limits.medians());
      outcomes.push_back({test, speed, medians});
    }
  }
  if (!options.json) {
    print_table(outcomes, setting);
    return {};
  }
  std::vector<std::string> rows;
  rows.reserve(outcomes.size());
  for (const Outcome& outcome : outcomes) rows.push_back(json_row(outcome, setting));
  fmt::print("[\n{}\n]\n", fmt::join(rows, ",\n"));
  return {};
}

void add_counts(CLI::App& command, const std::string& name, std::vector<int>& counts, int smallest,
                const std::string& help) {
  command.add_option(name, counts, help)
      ->delimiter(',')
      ->check(CLI::Range(smallest, 1 << 20))
      ->type_name("N,...")
      ->capture_default_str();
}

}  // namespace

void add_bench(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("bench", "Measure prompt and generation speed on this machine");
  add_model_options(*command, options->model);
  add_weights_option(*command, options->weights);
  add_kv_type_option(*command, options->kv_type);
  add_counts(*command, "--prompt", options->prompts, 1, "Prompt lengths in tokens");
  add_counts(*command, "--generate", options->generates, 1, "Tokens to generate one by one");
  add_counts(*command, "--context", options->contexts, 0, "Tokens already there before generating");
  command->add_option("--repeat", options->repeat, "Counted runs of each test")
      ->check(CLI::Range(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--limits", options->limits,
                    "Only measure what memory and int8 products can do at most");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &exit_code] {
    exit_code = exit_code_of(options->limits ? print_limits(*options) : bench(*options));
  });
}

}  // namespace qaio
