// qaio compare: is B worse than A, by how much, and which stage is responsible?
#include "report/compare.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include "base/clock.h"
#include "base/new_file.h"
#include "cli/commands.h"
#include "cli/language_option.h"
#include "cli/records_argument.h"

namespace qaio {
namespace {

constexpr size_t kLoadResultBytesMax = 1 << 20;
constexpr int64_t kLastMax = 1'000'000'000;

struct Options {
  std::string a;
  std::string b;
  double min_change_percent = 5;
  int64_t last = 0;
  std::string task;
  std::string route;
  bool json = false;
  std::string html;
  Language language = Language::kEnglish;
};

// Nothing if the file is not one; records say better what is wrong with a file.
Result<std::optional<LoadResult>> load_result_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kLoadResultBytesMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (!is_load_result(text)) return std::nullopt;
  QAIO_ASSIGN(LoadResult result, parse_load_result(text));
  return result;
}

Result<CompactRecords> facts_of_place(const std::string& text, const Options& options) {
  QAIO_ASSIGN(RecordsArgument place,
              parse_records_argument(text, SteadyClock::instance().wall_unix_ms()));
  place.selection.task = options.task;
  place.selection.path = options.route;
  place.selection.last = static_cast<size_t>(options.last);
  QAIO_ASSIGN(CompactRecords set, load_facts(place));
  if (set.requests.empty()) return fail(ErrorCode::kNotFound, text + " holds no such records");
  return set;
}

Result<Comparison> make_comparison(const Options& options) {
  CompareOptions how;
  how.change_min = options.min_change_percent / 100;
  how.language = options.language;
  QAIO_ASSIGN(const auto load_a, load_result_of(options.a));
  QAIO_ASSIGN(const auto load_b, load_result_of(options.b));
  if (load_a && load_b) {
    if (options.last > 0 || !options.task.empty() || !options.route.empty()) {
      return fail(ErrorCode::kInvalidArgument,
                  "--last, --task and --route select records; results of qaio load hold none");
    }
    return compare_loads(*load_a, *load_b, how);
  }
  if (load_a || load_b) {
    return fail(ErrorCode::kInvalidArgument,
                (load_a ? options.a : options.b) +
                    " is a result of qaio load and can only be compared with another one");
  }
  QAIO_ASSIGN(const CompactRecords a, facts_of_place(options.a, options));
  QAIO_ASSIGN(const CompactRecords b, facts_of_place(options.b, options));
  return compare_records(a, b, how);
}

Result<ExitCode> compare(const Options& options) {
  QAIO_ASSIGN(Comparison comparison, make_comparison(options));
  const std::string url_a = std::exchange(comparison.a.source, options.a);
  const std::string url_b = std::exchange(comparison.b.source, options.b);
  if (url_a != url_b) {
    comparison.notes.push_back(say(options.language, "A loaded {}, B {}.",
                                   "A 的负载发往 {}，B 的发往 {}。", url_a, url_b));
  }
  if (!options.html.empty())
    QAIO_RETURN_IF_ERROR(write_new_file(options.html, comparison_html(comparison)));
  fmt::print("{}", options.json ? comparison_json(comparison) : comparison_text(comparison));
  switch (comparison.verdict) {
    case Verdict::kSlower:
    case Verdict::kWorse:
      return ExitCode::kNo;
    case Verdict::kTooFew:
    case Verdict::kUntested:  // no answer is no "all is well"
      return fail(ErrorCode::kNotFound, comparison.sentence);
    default:
      return ExitCode::kOk;
  }
}

// Which a range does not ask.
std::string is_a_number(const std::string& text) {
  return std::isnan(std::strtod(text.c_str(), nullptr)) ? "must be a number" : "";
}

}  // namespace

void add_compare(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "compare", "Is B slower than A, or failing more, and which stage is responsible?");
  const std::string place =
      "an archive or records (JSON lines): FILE, FILE@VERSION, FILE@model=NAME or FILE@FROM..TO; "
      "or a result of load --json";
  command->add_option("a", options->a, "The baseline: " + place)->required()->type_name("A");
  command->add_option("b", options->b, "What may be slower: the same")->required()->type_name("B");
  command
      ->add_option("--min-change", options->min_change_percent,
                   "Percent that a median must change to matter; a p95, twice that")
      ->check(CLI::Range(0.0, 1000.0))
      ->check(is_a_number)
      ->type_name("PERCENT")
      ->capture_default_str();
  command->add_option("--last", options->last, "Only the latest N requests of each; 0: all")
      ->check(CLI::Range(int64_t{0}, kLastMax))
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("--task", options->task,
                   "Only requests that ran this task: without those refused before it")
      ->type_name("NAME");
  command
      ->add_option("--route", options->route,
                   "Only requests to this path, such as /chat or /v1/tasks/{name}")
      ->type_name("PATH");
  command->add_flag("--json", options->json, "Print JSON");
  command->add_option("--html", options->html, "Write an HTML file with a chart as well")
      ->type_name("FILE");
  add_language_option(*command, options->language);
  command->callback([options, &exit_code] {
    const Result<ExitCode> done = compare(*options);
    exit_code = done ? *done : exit_code_of(tl::unexpected<Error>(done.error()));
  });
}

}  // namespace qaio
