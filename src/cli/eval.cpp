// qaio eval: how good and how fast a classify task is on labelled texts; how well a model predicts
// a text.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/runtime.h"
#include "base/histogram.h"
#include "base/json_writer.h"
#include "base/mapped_file.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "model/perplexity.h"
#include "stats/confusion.h"
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
  bool json = false;
};

struct Mistake {
  std::string text, truth, answer;
};

struct Failure {
  size_t line = 0;
  Error error;
};

struct Evaluation {
  explicit Evaluation(size_t labels) : confusion(labels) {}

  Confusion confusion;
  std::vector<Mistake> mistakes;  // the first of them
  uint64_t failed = 0;            // texts without an answer
  Failure first_failure;
  Histogram latency;  // of the task alone, one text after the other
  double seconds = 0;
  uint64_t prompt_tokens = 0;

  // A text that failed is not answered right.
  double accuracy() const {
    return static_cast<double>(confusion.right()) / static_cast<double>(confusion.total() + failed);
  }
};

std::string texts(uint64_t count) {
  return fmt::format("{} text{}", count_text(count), count == 1 ? "" : "s");
}

Result<Evaluation> classify_all(const Runtime& runtime, const Options& options,
                                const std::vector<LabelledText>& items,
                                const std::vector<std::string>& labels) {
  const auto index = [&](const std::string& label) {
    return static_cast<size_t>(std::ranges::find(labels, label) - labels.begin());
  };
  Evaluation evaluation(labels.size());
  Progress progress("Evaluating");
  const TimeNs begin_ns = SteadyClock::instance().now_ns();
  for (size_t i = 0; i < items.size(); ++i) {
    PipelineRequest request;
    request.tasks = {options.task};
    request.input = items[i].text;
    const RequestOutcome outcome = run_and_wait(runtime.pipeline(), std::move(request));
    progress.update(static_cast<double>(i + 1) / static_cast<double>(items.size()));
    if (outcome.error) {
      if (evaluation.failed++ == 0) evaluation.first_failure = {items[i].line, *outcome.error};
      continue;
    }
    const TaskOutcome& task = outcome.tasks.front();
    const std::string& answer = *task.label;
    evaluation.confusion.add(index(items[i].label), index(answer));
    evaluation.latency.add(task.lane.wall_ns());
    evaluation.prompt_tokens += task.counters.prompt_tokens;
    if (answer != items[i].label &&
        evaluation.mistakes.size() < static_cast<size_t>(options.show_errors)) {
      evaluation.mistakes.push_back({items[i].text, items[i].label, answer});
    }
  }
  if (evaluation.failed == items.size()) {
    return fail(evaluation.first_failure.error.code,
                fmt::format("all {} failed, the first with: {}", texts(items.size()),
                            evaluation.first_failure.error.message));
  }
  evaluation.seconds = static_cast<double>(SteadyClock::instance().now_ns() - begin_ns) / 1e9;
  return evaluation;
}

double ms(int64_t ns) { return static_cast<double>(ns) / 1e6; }
std::string percent(std::optional<double> share) {
  return share ? fmt::format("{:.1f} %", 100 * *share) : "-";
}

std::string confusion_table(const Confusion& confusion, const std::vector<std::string>& labels) {
  std::vector<Table::Align> align(labels.size() + 5, Table::Align::kRight);
  align.front() = Table::Align::kLeft;
  Table table(align);
  std::vector<std::string> head = {"truth \\ answer"};
  head.insert(head.end(), labels.begin(), labels.end());
  for (const char* name : {"texts", "precision", "recall", "F1"}) head.emplace_back(name);
  table.row(head);
  for (size_t truth = 0; truth < labels.size(); ++truth) {
    std::vector<std::string> row = {labels[truth]};
    for (size_t answer = 0; answer < labels.size(); ++answer) {
      row.push_back(count_text(confusion.count(truth, answer)));
    }
    row.push_back(count_text(confusion.truths(truth)));
    row.push_back(percent(confusion.precision(truth)));
    row.push_back(percent(confusion.recall(truth)));
    row.push_back(percent(confusion.f1(truth)));
    table.row(row);
  }
  return table.text();
}

void print_text(const Evaluation& e, const std::vector<std::string>& labels,
                const Options& options) {
  fmt::print("{}: {}, accuracy {}, macro F1 {}\n\n{}\n", options.task,
             texts(e.confusion.total() + e.failed), percent(e.accuracy()),
             percent(e.confusion.macro_f1()), confusion_table(e.confusion, labels));
  if (e.failed > 0) {
    fmt::print("{} failed, the first in line {}: {}\n", texts(e.failed), e.first_failure.line,
               e.first_failure.error.message);
  }
  fmt::print(
      "latency ms  mean {:.2f}, p50 {:.2f}, p95 {:.2f}, p99 {:.2f}, max {:.2f}; {:.1f} texts/s\n",
      e.latency.mean_ns() / 1e6, ms(e.latency.percentile_ns(50)), ms(e.latency.percentile_ns(95)),
      ms(e.latency.percentile_ns(99)), ms(e.latency.max_ns()),
      static_cast<double>(e.confusion.total()) / e.seconds);
  for (const Mistake& mistake : e.mistakes) {
    fmt::print("{} taken for {}: {}\n", mistake.truth, mistake.answer, mistake.text);
  }
}

void write_share(std::string_view name, std::optional<double> share, JsonWriter& json) {
  json.key(name);
  share ? json.number(*share) : json.null();
}

void print_json(const Evaluation& e, const std::vector<std::string>& labels,
                const Options& options) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("task").string(options.task);
  json.key("texts").integer(static_cast<int64_t>(e.confusion.total() + e.failed));
  json.key("failed").integer(static_cast<int64_t>(e.failed));
  json.key("accuracy").number(e.accuracy());
  json.key("macro_f1").number(e.confusion.macro_f1());
  json.key("labels").begin_array();
  for (size_t i = 0; i < labels.size(); ++i) {
    json.begin_object().key("label").string(labels[i]);
    json.key("texts").integer(static_cast<int64_t>(e.confusion.truths(i)));
    write_share("precision", e.confusion.precision(i), json);
    write_share("recall", e.confusion.recall(i), json);
    write_share("f1", e.confusion.f1(i), json);
    json.key("answers").begin_object();
    for (size_t answer = 0; answer < labels.size(); ++answer) {
      json.key(labels[answer]).integer(static_cast<int64_t>(e.confusion.count(i, answer)));
    }
    json.end_object().end_object();
  }
  json.end_array().key("latency_ms").begin_object();
  json.key("mean").number(e.latency.mean_ns() / 1e6);
  json.key("p50").number(ms(e.latency.percentile_ns(50)));
  json.key("p95").number(ms(e.latency.percentile_ns(95)));
  json.key("p99").number(ms(e.latency.percentile_ns(99)));
  json.key("max").number(ms(e.latency.max_ns())).end_object();
  json.key("texts_s").number(static_cast<double>(e.confusion.total()) / e.seconds);
  json.key("prompt_tokens").integer(static_cast<int64_t>(e.prompt_tokens));
  json.key("mistakes").begin_array();
  for (const Mistake& mistake : e.mistakes) {
    json.begin_object().key("text").string(mistake.text).key("truth").string(mistake.truth);
    json.key("answer").string(mistake.answer).end_object();
  }
  json.end_array().end_object();
  fmt::print("{}\n", out);
}

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
    format.label_names[pair.substr(0, equals)] = label;
  }
}

Result<ExitCode> eval_task(CLI::App& command, Options& options, std::string_view content) {
  QAIO_ASSIGN(const TomlFile config, apply_config(command, options.runtime.config));
  QAIO_ASSIGN(const auto runtime, Runtime::create(options.runtime, config));
  print_warnings(*runtime);
  const TaskDefinition* task = runtime->backend().tasks->find(options.task);
  if (task == nullptr || task->kind != TaskKind::kClassify)
    return fail(ErrorCode::kInvalidArgument, "there is no classify task '" + options.task + "'");
  if (task->decode != DecodeMode::kScore)
    return fail(ErrorCode::kUnsupported, "only tasks whose labels are scored can be evaluated");
  read_label_names(options.label_names, *task, options.format);
  auto items = parse_labelled(content, options.format, task->labels);
  if (!items) return fail(items.error().code, options.file + ": " + items.error().message);
  QAIO_ASSIGN(const Evaluation evaluation, classify_all(*runtime, options, *items, task->labels));
  options.json ? print_json(evaluation, task->labels, options)
               : print_text(evaluation, task->labels, options);
  return evaluation.accuracy() < options.min_accuracy ? ExitCode::kNo : ExitCode::kOk;
}

Result<ExitCode> eval_text(const Options& options, std::string_view content) {
  if (const size_t valid = valid_utf8_prefix(content); valid < content.size()) {
    const auto line = 1 + std::ranges::count(content.substr(0, valid), '\n');
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: line {}: its bytes are no UTF-8", options.file, line));
  }
  QAIO_ASSIGN(const FileSet files, open_model(options.runtime.model.model));
  ThreadPool pool(options.runtime.model.threads, options.runtime.model.pinning());
  LoadOptions load;
  load.weights = *weights_mode_from_name(options.runtime.weights);
  load.kv_type = options.runtime.kv_type;
  load.kv_tokens = options.context;
  QAIO_ASSIGN(const LoadedModel loaded, load_model(files, pool, load));
  const std::vector<TokenId> ids = loaded.tokenizer->encode(content);
  if (ids.size() < 2) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: {}: at least two tokens are needed, one to predict from the other",
                            options.file, ids.empty() ? "it is empty" : "it is one token"));
  }
  Progress progress("Predicting");
  const TimeNs begin_ns = SteadyClock::instance().now_ns();
  const auto result = measure_perplexity(*loaded.model, ids, options.context,
                                         [&](double fraction) { progress.update(fraction); });
  if (!result) return fail(result.error().code, options.file + ": " + result.error().message);
  const double seconds = static_cast<double>(SteadyClock::instance().now_ns() - begin_ns) / 1e9;
  const double bits_per_byte = result->nats / std::log(2.0) / static_cast<double>(content.size());
  const double tokens_s = static_cast<double>(ids.size()) / seconds;
  if (options.json) {
    fmt::print(
        "{{\"perplexity\": {:.6g}, \"nats_per_token\": {:.6g}, \"bits_per_byte\": {:.6g}, "
        "\"tokens\": {}, \"context\": {}, \"text_tok_s\": {:.6g}}}\n",
        result->value(), result->nats_per_token(), bits_per_byte, ids.size(), options.context,
        tokens_s);
  } else {
    fmt::print(
        "perplexity {:.4f} ({:.4f} nats per token, {:.4f} bits per byte) over {} tokens, "
        "context {}; {:.0f} tokens of text/s\n",
        result->value(), result->nats_per_token(), bits_per_byte, count_text(ids.size()),
        options.context, tokens_s);
  }
  return ExitCode::kOk;
}

ExitCode eval(CLI::App& command, Options& options) {
  const auto file = MappedFile::open(options.file);
  if (!file) return exit_code_of(tl::unexpected<Error>(file.error()));
  std::string_view content(reinterpret_cast<const char*>(file->bytes().data()),
                           file->bytes().size());
  if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
  const Result<ExitCode> result =
      options.perplexity ? eval_text(options, content) : eval_task(command, options, content);
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
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([command, options, &exit_code] { exit_code = eval(*command, *options); });
}

}  // namespace qaio
