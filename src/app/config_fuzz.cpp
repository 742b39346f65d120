// libFuzzer: any bytes as a configuration file: the options of the server and of its archives,
// tasks, calibration, objectives and their actions.
#include <CLI/CLI.hpp>

#include "app/archive_options.h"
#include "app/config.h"
#include "app/otlp_options.h"
#include "app/runtime.h"
#include "base/fuzz_for_test.h"
#include "slo/slo_config.h"
#include "tasks/calibration_toml.h"

namespace qaio {
namespace {

constexpr const char* kFile = "fuzz.toml";

template <typename T>
bool told(const Result<T>& result) {
  return result.has_value() || result.error().message.find(kFile) != std::string::npos;
}

void check_options(const TomlFile& file) {
  CLI::App app;
  CLI::App& command = *app.add_subcommand("serve");
  RuntimeOptions runtime;
  ArchiveOptions archive;
  OtlpSettings otlp;
  add_runtime_options(command, runtime);
  add_archive_options(command, archive);
  add_otlp_options(command, otlp);
  require(told(apply_options(command, file)));
}

void check_tasks(const TomlFile& file, const std::string& text) {
  TaskRegistry tasks = TaskRegistry::built_in();
  const size_t built_in = tasks.all().size();
  const auto added = tasks.add_toml(file);
  require(told(added));
  if (!added) require(tasks.all().size() == built_in);
  require(tasks.all().size() <= TaskRegistry::kTasksMax);
  for (const TaskDefinition& task : tasks.all()) {
    require(tasks.find(task.name) == &task && !task.kind_name().empty());
    require(task.question.has_value() == (task.kind == TaskKind::kDecide));
    if (task.question) require(check_question(*task.question).has_value());
  }
  const auto calibration = read_calibration(file, tasks);
  require(told(calibration));
  // A temperature that is written into the file is read from it, and nothing else changes.
  const std::vector<CalibrationEntry> entries = {
      {.task = "sentiment", .kind = {}, .temperature = 1.5},
      {.task = "", .kind = QuestionKind::kChoice, .temperature = 2}};
  const auto written = with_calibration(text, kFile, entries);
  require(told(written));
  if (!written || !calibration) return;
  const auto changed = TomlFile::parse(*written, kFile);
  require(changed.has_value());
  const auto again = read_calibration(*changed, tasks);
  require(again && again->tasks.at("sentiment") == 1.5);
  TaskRegistry same = TaskRegistry::built_in();
  require(same.add_toml(*changed).has_value() == added.has_value());
}

void check_objectives(const TomlFile& file) {
  const auto config = read_slo_config(file);
  require(told(config));
  const auto rules = read_slo_rules(file);
  require(told(rules));
  if (!config) return;
  require(rules && !config->rules.empty() && config->rules.size() <= SloRule::kRulesMax);
  for (const SloRule& rule : config->rules) {
    require(is_slo_metric(rule.metric) && !slo_condition(rule).empty());
    require(!slo_promise(rule).empty());
  }
  threshold_edges_s(config->rules);
}

}  // namespace
}  // namespace qaio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  const std::string text(fuzz_text(data, size));
  const auto file = TomlFile::parse(text, kFile);
  require(told(file));
  if (!file) return 0;
  check_options(*file);
  check_tasks(*file, text);
  check_objectives(*file);
  return 0;
}
