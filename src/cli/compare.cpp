// qaio compare: is B slower than A, by how much, and which stage is responsible?
#include "observe/compare.h"

#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/record_place.h"
#include "observe/report_text.h"

namespace qaio {
namespace {

constexpr size_t kLoadResultBytesMax = 1 << 20;

struct Options {
  std::string a;
  std::string b;
  double min_change_percent = 5;
  size_t last = 0;
  bool json = false;
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

Result<FactSet> facts_of_place(const std::string& text, const Options& options) {
  QAIO_ASSIGN(RecordPlace place, parse_place(text, SteadyClock::instance().wall_unix_ms()));
  place.selection.last = options.last;
  QAIO_ASSIGN(FactSet set, load_facts(place));
  if (set.requests.empty()) return fail(ErrorCode::kNotFound, text + " holds no such records");
  return set;
}

Result<Comparison> make_comparison(const Options& options) {
  CompareOptions how;
  how.change_min = options.min_change_percent / 100;
  QAIO_ASSIGN(const auto load_a, load_result_of(options.a));
  QAIO_ASSIGN(const auto load_b, load_result_of(options.b));
  if (load_a && load_b) return compare_loads(*load_a, *load_b, how);
  if (load_a || load_b) {
    return fail(ErrorCode::kInvalidArgument,
                (load_a ? options.a : options.b) +
                    " is a result of qaio load and can only be compared with another one");
  }
  QAIO_ASSIGN(const FactSet a, facts_of_place(options.a, options));
  QAIO_ASSIGN(const FactSet b, facts_of_place(options.b, options));
  return compare_records(a, b, how);
}

ExitCode compare(const Options& options) {
  const Result<Comparison> comparison = make_comparison(options);
  if (!comparison) return exit_code_of(tl::unexpected<Error>(comparison.error()));
  fmt::print("{}", options.json ? comparison_json(*comparison) : comparison_text(*comparison));
  return comparison->verdict == Verdict::kSlower ? ExitCode::kNo : ExitCode::kOk;
}

}  // namespace

void add_compare(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "compare", "Is B slower than A, by how much, and which stage is responsible?");
  const std::string place =
      "records (JSON lines): FILE, FILE@VERSION or FILE@FROM..TO; or a result of load --json";
  command->add_option("a", options->a, "The baseline: " + place)->required()->type_name("A");
  command->add_option("b", options->b, "What may be slower: the same")->required()->type_name("B");
  command
      ->add_option("--min-change", options->min_change_percent,
                   "Percent that a median must change to matter")
      ->check(CLI::Range(0.0, 1000.0))
      ->type_name("PERCENT")
      ->capture_default_str();
  command->add_option("--last", options->last, "Only the latest N requests of each; 0: all")
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &exit_code] { exit_code = compare(*options); });
}

}  // namespace qaio
