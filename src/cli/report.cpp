// qaio report: where the time of requests went, and what that means.
#include "report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "app/config.h"
#include "app/model_fingerprint.h"
#include "base/clock.h"
#include "base/cores.h"
#include "base/new_file.h"
#include "base/time_argument.h"
#include "cli/commands.h"
#include "cli/language_option.h"
#include "cli/records_argument.h"
#include "cli/report_demo.h"
#include "kernels/isa.h"
#include "record/record_json.h"
#include "report/report_html.h"
#include "report/report_json.h"
#include "report/report_sections.h"
#include "report/report_text.h"
#include "slo/slo_config.h"

namespace qaio {
namespace {

constexpr size_t kLast = 100;  // unless a time span, a version or a trend is asked for
constexpr int64_t kLastMax = 1'000'000'000;

struct Options {
  std::string place;
  DemoOptions demo;
  bool run_demo = false;
  bool limits = false;
  std::optional<size_t> last;
  std::string since;
  std::string until;
  std::string version;
  std::string task;
  std::string trend;
  size_t slowest = 3;
  bool json = false;
  bool markdown = false;
  std::string html;
  Language language = Language::kEnglish;
  std::string save;
  std::string config;
  bool check_slo = false;
};

Result<RecordsArgument> place_of(const Options& options) {
  const int64_t now = SteadyClock::instance().wall_unix_ms();
  QAIO_ASSIGN(RecordsArgument place, parse_records_argument(options.place, now));
  RecordSelection& selection = place.selection;
  if (!options.version.empty()) selection.version = options.version;
  selection.task = options.task;
  if (!options.since.empty()) {
    QAIO_ASSIGN(selection.since_unix_ms, parse_time(options.since, now));
  }
  if (!options.until.empty()) {
    QAIO_ASSIGN(selection.until_unix_ms, parse_time(options.until, now));
  }
  const bool asked = selection.since_unix_ms || selection.until_unix_ms ||
                     !selection.version.empty() || !options.trend.empty();
  selection.last = options.last.value_or(asked ? 0 : kLast);
  return place;
}

std::string setting_text(const RunInfo& run) {
  return fmt::format("{} ({}{}, {} thread{})", run.model, run.isa,
                     run.model_hash.empty() ? "" : ", hash " + run.model_hash, run.threads,
                     run.threads == 1 ? "" : "s");
}

bool same_setting(const RunInfo& a, const RunInfo& b) {
  const bool hashes = !a.model_hash.empty() && !b.model_hash.empty();
  return (hashes ? a.model_hash == b.model_hash : a.model == b.model) && a.isa == b.isa &&
         a.threads == b.threads;
}

// What is measured here must be what served the records.
Result<void> check_setting(const CompactRecords& facts, const RunInfo& here) {
  std::set<uint32_t> runs;
  for (const CompactRecord* request : facts.requests)
    if (request->answered()) runs.insert(request->run);
  for (const uint32_t run : runs) {
    if (same_setting(facts.runs[run].info, here)) continue;
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("--limits would measure {}, but there are records of {}: on their "
                            "machine, give --model and --threads as their server had them",
                            setting_text(here), setting_text(facts.runs[run].info)));
  }
  return {};
}

// Only the model's figures are needed.
Result<PhysicalLimits> limits_of(const RuntimeOptions& options, const CompactRecords& facts) {
  QAIO_ASSIGN(const FileSet files, open_model(options.model.model));
  QAIO_ASSIGN(const Isa isa, isa_from_environment());
  ThreadPool pool(options.model.threads);
  LoadOptions load;
  load.weights = *weights_mode_from_name(options.weights);
  load.kv_tokens = kKvBlockTokens;
  QAIO_ASSIGN(const LoadedModel loaded, load_model(files, pool, load));
  const ModelInfo& model = loaded.model->info();
  QAIO_RETURN_IF_ERROR(check_setting(facts, {.version = {},
                                             .model = model.name,
                                             .model_hash = model_fingerprint(files),
                                             .isa = std::string(isa_name(isa)),
                                             .threads = options.model.threads}));
  return measure_physical_limits(model, options.model.threads);
}

struct Subject {
  CompactRecords facts;
  std::optional<PhysicalLimits> limits;
};

// Whole records only where they are asked for.
Result<Subject> subject_of(const Options& options, const RecordsArgument& place) {
  Subject subject;
  if (options.run_demo) {
    QAIO_ASSIGN(const DemoRecords demo, run_demo(options.demo));
    if (!options.save.empty()) QAIO_RETURN_IF_ERROR(save_records(demo.set, options.save));
    return Subject{.facts = compact_records(demo.set), .limits = demo.limits};
  }
  if (options.save.empty()) {
    QAIO_ASSIGN(subject.facts, load_facts(place));
  } else {
    QAIO_ASSIGN(const RecordSet set, load_records(place));
    QAIO_RETURN_IF_ERROR(save_records(set, options.save));
    subject.facts = compact_records(set);
  }
  if (options.limits) {
    QAIO_ASSIGN(subject.limits, limits_of(options.demo.runtime, subject.facts));
  }
  return subject;
}

Result<ExitCode> report(CLI::App& command, const Options& options, const RecordsArgument& place) {
  QAIO_ASSIGN(const TomlFile config, apply_config(command, options.config));
  QAIO_ASSIGN(std::vector<SloRule> rules, read_slo_rules(config));
  QAIO_ASSIGN(const Subject subject, subject_of(options, place));
  ReportOptions how{.slowest = options.slowest,
                    .trend = TrendBy::kNone,
                    .limits = subject.limits,
                    .rules = std::move(rules),
                    .threads = cores_allowed(),
                    .language = options.language};
  if (options.trend == "day") how.trend = TrendBy::kDay;
  if (options.trend == "version") how.trend = TrendBy::kVersion;
  const Report report = make_report(subject.facts, how);
  if (!options.html.empty())
    QAIO_RETURN_IF_ERROR(write_new_file(options.html, report_html(report)));
  fmt::print("{}", options.json       ? report_json(report)
                   : options.markdown ? report_markdown(report)
                                      : report_text(report));
  const bool broken = std::ranges::any_of(
      report.slo, [](const SloCompliance& one) { return one.verdict == SloVerdict::kBroken; });
  return options.check_slo && broken ? ExitCode::kNo : ExitCode::kOk;
}

void add_selection_options(CLI::App& command, Options& options) {
  command
      .add_option("--last", options.last,
                  "Only the latest N requests; 0: all (default: 100, or all of a time span, "
                  "version or trend)")
      ->check(CLI::Range(int64_t{0}, kLastMax))
      ->type_name("N");
  command
      .add_option("--since", options.since,
                  "From then on: 2026-01-31, 2026-01-31T12:00 (UTC), or 6h: six hours ago")
      ->type_name("TIME");
  command.add_option("--until", options.until, "Until then")->type_name("TIME");
  command.add_option("--only-version", options.version, "Requests that this version served")
      ->type_name("VERSION");
  command.add_option("--task", options.task, "Requests that ran this task")->type_name("NAME");
}

void add_output_options(CLI::App& command, Options& options) {
  command.add_option("--trend", options.trend, "Development by day or version, with its changes")
      ->check(CLI::IsMember({"day", "version"}))
      ->type_name("day|version");
  command.add_option("--slowest", options.slowest, "Requests to show stage by stage")
      ->check(CLI::Range(0, 100))
      ->type_name("N")
      ->capture_default_str();
  auto* json = command.add_flag("--json", options.json, "Print JSON");
  command.add_flag("--markdown", options.markdown, "Print Markdown")->excludes(json);
  command.add_option("--html", options.html, "Write an HTML file with charts as well")
      ->type_name("FILE");
  add_language_option(command, options.language);
  command.add_option("--save", options.save, "Write the records as JSON lines as well")
      ->type_name("FILE");
}

}  // namespace

void add_report(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("report", "Where the time of requests went, and what that means");
  auto* place = command
                    ->add_option("records", options->place,
                                 "An archive of `qaio serve --archive`, or records as JSON lines: "
                                 "FILE, FILE@VERSION or FILE@FROM..TO; - is standard input")
                    ->type_name("FILE");
  command->add_flag("--demo", options->run_demo, "Serve real requests first and report on them")
      ->excludes(place);
  command->add_option("--count", options->demo.requests, "Requests of --demo")
      ->check(CLI::Range(1, 100'000))
      ->type_name("N")
      ->capture_default_str();
  add_selection_options(*command, *options);
  add_output_options(*command, *options);
  command->add_flag("--limits", options->limits,
                    "Measure what this machine allows --model (--demo always does)");
  add_config_option(*command, options->config);
  command->add_flag("--check-sla", options->check_slo, "Exit code 1 if an SLA rule is broken");
  add_model_options(*command, options->demo.runtime.model);
  add_weights_option(*command, options->demo.runtime.weights);
  command->callback([command, options, &exit_code] {
    if (options->place.empty() && !options->run_demo)
      throw CLI::ValidationError("report needs a FILE of records, or --demo");
    const Result<RecordsArgument> chosen =
        options->run_demo ? RecordsArgument() : place_of(*options);
    if (!chosen) throw CLI::ValidationError(chosen.error().message);
    const Result<ExitCode> done = report(*command, *options, *chosen);
    exit_code = done ? *done : exit_code_of(tl::unexpected<Error>(done.error()));
  });
}

}  // namespace qaio
