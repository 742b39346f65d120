// qaio eval: how good and how fast a task is on labelled texts; how well a model predicts a text.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/runtime.h"
#include "base/mapped_file.h"
#include "base/new_file.h"
#include "cli/calibrate.h"
#include "cli/commands.h"
#include "cli/eval_perplexity.h"
#include "cli/evaluate.h"
#include "cli/language_option.h"
#include "report/evaluation.h"
#include "tasks/labelled_set.h"

namespace qaio {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // as Windows' editors write it

struct Options {
  RuntimeOptions runtime;
  std::string file;
  std::string task = "sentiment";
  LabelledFormat format;
  std::vector<std::string> label_names;  // "1=正面"
  double min_accuracy = 0;
  int show_errors = 0;
  bool perplexity = false;
  int context = 512;
  std::string calibrate;
  bool json = false;
  std::string html;
  Language language = Language::kEnglish;
};

// What CLI11 says of a value that is none; empty: it is one.
std::string check_label_name(const std::string& pair) {
  const size_t equals = pair.find('=');
  return equals == std::string::npos || equals == 0 ? "takes 1=正面, not '" + pair + "'" : "";
}

// A label that the task does not have is a wrong command line.
void read_label_names(const std::vector<std::string>& given, const TaskDefinition& task,
                      LabelledFormat& format) {
  for (const std::string& pair : given) {
    const size_t equals = pair.find('=');
    const std::string label = pair.substr(equals + 1);
    if (std::ranges::find(task.labels, label) == task.labels.end()) {
      throw CLI::ValidationError(fmt::format("--label-map: '{}' has no label '{}', only {}",
                                             task.name, label, fmt::join(task.labels, ", ")));
    }
    const std::string name = pair.substr(0, equals);
    // One of the two would be lost, and the accuracy with it.
    if (const auto [known, added] = format.label_names.emplace(name, label);
        !added && known->second != label) {
      throw CLI::ValidationError(fmt::format("--label-map: '{}' cannot be both '{}' and '{}'", name,
                                             known->second, label));
    }
  }
}

Result<ExitCode> eval_task(CLI::App& command, Options& options, std::string_view content) {
  QAIO_ASSIGN(const TomlFile config, apply_config(command, options.runtime.config));
  QAIO_ASSIGN(const auto runtime, Runtime::create(options.runtime, config));
  print_warnings(*runtime);
  const TaskDefinition* task = runtime->backend().tasks->find(options.task);
  if (task == nullptr || task->labels.empty()) {
    return fail(ErrorCode::kInvalidArgument, "there is no task '" + options.task + "' with labels");
  }
  if (task->decode != DecodeMode::kScore)
    return fail(ErrorCode::kUnsupported, "only tasks whose labels are scored can be evaluated");
  read_label_names(options.label_names, *task, options.format);
  auto items = parse_labelled(content, options.format, task->labels);
  if (!items) return fail(items.error().code, options.file + ": " + items.error().message);
  const bool calibrates = !options.calibrate.empty();
  if (calibrates) QAIO_RETURN_IF_ERROR(check_calibration_file(*task, options.calibrate));
  QAIO_ASSIGN(Evaluation evaluation,
              evaluate(*runtime, *task, *items, static_cast<size_t>(options.show_errors)));
  if (calibrates) QAIO_RETURN_IF_ERROR(calibrate(*task, options.calibrate, evaluation));
  if (!options.html.empty()) {
    QAIO_RETURN_IF_ERROR(
        write_new_file(options.html, evaluation_html(evaluation, options.language)));
  }
  fmt::print("{}", options.json ? evaluation_json(evaluation)
                                : evaluation_text(evaluation, options.language));
  const bool good = evaluation.accuracy() >= options.min_accuracy &&
                    (!calibrates || evaluation.calibration->helps());
  return good ? ExitCode::kOk : ExitCode::kNo;
}

ExitCode eval(CLI::App& command, Options& options) {
  const auto file = MappedFile::open(options.file);
  if (!file) return exit_code_of(tl::unexpected<Error>(file.error()));
  std::string_view content(reinterpret_cast<const char*>(file->bytes().data()),
                           file->bytes().size());
  if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
  const Result<ExitCode> result = options.perplexity ? print_perplexity({.runtime = options.runtime,
                                                                         .file = options.file,
                                                                         .context = options.context,
                                                                         .json = options.json},
                                                                        content)
                                                     : eval_task(command, options, content);
  return result ? *result : exit_code_of(tl::unexpected<Error>(result.error()));
}

}  // namespace

void add_eval(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "eval", "Judge a classify task by labelled texts, or a model by a text's perplexity");
  command
      ->add_option("file", options->file,
                   "Labelled texts: TSV whose first line names its columns, or JSON lines; with "
                   "--perplexity any text")
      ->required()
      ->type_name("FILE");
  add_runtime_options(*command, options->runtime);
  command->add_option("--task", options->task, "The task to judge")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--text-name", options->format.text_name, "Column or member of the text")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--label-name", options->format.label_name, "Column or member of the label")
      ->type_name("NAME")
      ->capture_default_str();
  command
      ->add_option("--label-map", options->label_names,
                   "What the file calls a label, and what the task does: 1=正面,0=负面")
      ->delimiter(',')
      ->check(check_label_name)
      ->type_name("A=B");
  command
      ->add_option("--min-accuracy", options->min_accuracy,
                   "Exit code 1 below this share of right answers")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("SHARE");
  command->add_option("--show-errors", options->show_errors, "Print so many misjudged texts")
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("N");
  command->add_flag("--perplexity", options->perplexity, "How well the model predicts the file");
  command->add_option("--context", options->context, "Tokens of a window of --perplexity")
      ->check(CLI::Range(2, 1 << 20))
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option(
          "--calibrate", options->calibrate,
          "Fit the task's temperature on half of the texts; if it makes the other half's "
          "probabilities better, write it to this TOML file, for --config; else exit code 1")
      ->type_name("FILE");
  command->add_flag("--json", options->json, "Print JSON");
  command->add_option("--html", options->html, "Write an HTML file with a chart as well")
      ->type_name("FILE");
  add_language_option(*command, options->language);
  command->callback([command, options, &exit_code] { exit_code = eval(*command, *options); });
}

}  // namespace qaio
