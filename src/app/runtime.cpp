#include "app/runtime.h"

#include <fmt/format.h>

#include <functional>
#include <future>
#include <utility>

#include "app/config.h"
#include "base/clock.h"
#include "model/ignored_sampling.h"

namespace qaio {
namespace {

// Within a function, so that it is there for whoever sets it before main().
auto& model_wrapper() {
  static std::function<std::unique_ptr<Model>(std::unique_ptr<Model>)> wrapper;
  return wrapper;
}

// Changes with what may change the answer to a request: the program and the model.
std::string fingerprint(const ModelInfo& model) {
  const std::string all = fmt::format("{} {} {} {} {}", QAIO_VERSION, model.name, model.weight_type,
                                      model.parameters, model.file_bytes);
  return fmt::format("fp_{:016x}", std::hash<std::string>{}(all));
}

// What the model's file says of its answers to questions.
Calibration calibration_of(const DecisionKeys& keys) {
  Calibration out;
  const auto add = [&](QuestionKind kind, const std::vector<DecisionTemperature>& list) {
    for (const auto& [options_max, temperature] : list)
      out.buckets[static_cast<size_t>(kind)].push_back({options_max, temperature});
  };
  add(QuestionKind::kChoice, keys.choice);
  add(QuestionKind::kScore, keys.score);
  add(QuestionKind::kYesNo, keys.yes_no);
  return out;
}

}  // namespace

void set_model_wrapper(std::function<std::unique_ptr<Model>(std::unique_ptr<Model>)> wrap) {
  model_wrapper() = std::move(wrap);
}

void add_runtime_options(CLI::App& command, RuntimeOptions& options) {
  add_model_options(command, options.model);
  add_weights_option(command, options.weights);
  command
      .add_option("--kv-tokens", options.kv_tokens,
                  "Token positions of KV memory, shared by all requests")
      ->envname("QAIO_KV_TOKENS")
      ->check(CLI::Range(512, 1 << 24))
      ->type_name("N")
      ->capture_default_str();
  add_kv_type_option(command, options.kv_type);
  command
      .add_option_function<size_t>(
          "--state-mib", [&options](size_t mebibytes) { options.state_bytes = mebibytes << 20; },
          "MiB for states of models with recurrent layers (Qwen3.5): one for each sequence, and "
          "for beginnings of prompts that are kept")
      ->envname("QAIO_STATE_MIB")
      ->check(CLI::Range(1, 1 << 20))
      ->type_name("MIB")
      ->default_str(std::to_string(options.state_bytes >> 20));
  command.add_option("--parallel", options.parallel, "Sequences computed at once; others wait")
      ->envname("QAIO_PARALLEL")
      ->check(CLI::Range(1, 256))
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--queue-max", options.queue_max,
                  "Sequences that may wait; past it requests are refused")
      ->envname("QAIO_QUEUE_MAX")
      ->check(CLI::Range(1, 1 << 20))
      ->type_name("N")
      ->capture_default_str();
  add_config_option(command, options.config);
}

Result<std::unique_ptr<Runtime>> Runtime::create(const RuntimeOptions& options,
                                                 const TomlFile& config) {
  std::unique_ptr<Runtime> runtime(new Runtime(options.model));
  // Wrong tasks are found before a model is loaded, which then says what they do not.
  QAIO_RETURN_IF_ERROR(runtime->tasks_.add_toml(config));
  QAIO_ASSIGN(CalibrationTables temperatures, read_calibration(config, runtime->tasks_));
  QAIO_ASSIGN(const FileSet files, open_model(options.model.model));
  LoadOptions load;
  load.weights = *weights_mode_from_name(options.weights);
  load.kv_tokens = options.kv_tokens;
  load.kv_type = options.kv_type;
  load.state_bytes = options.state_bytes;
  runtime->ignored_sampling_ = ignored_sampling(files);
  QAIO_ASSIGN(runtime->loaded_, load_model(files, runtime->pool_, load));
  if (model_wrapper()) runtime->loaded_.model = model_wrapper()(std::move(runtime->loaded_.model));
  runtime->tasks_ = TaskRegistry::built_in(runtime->loaded_.generation);
  QAIO_RETURN_IF_ERROR(runtime->tasks_.add_toml(config));
  runtime->engine_ = std::make_unique<Engine>(
      *runtime->loaded_.model, *runtime->loaded_.tokenizer, SteadyClock::instance(),
      EngineOptions{.queue_max = options.queue_max,
                    .sequences_max = options.parallel,
                    .end_tokens = runtime->loaded_.end_tokens,
                    .pool = &runtime->pool_});
  temperatures.kinds.complete_by(calibration_of(runtime->loaded_.decision));
  QAIO_ASSIGN(
      runtime->pipeline_,
      Pipeline::create(runtime->tasks_, *runtime->engine_, *runtime->loaded_.tokenizer,
                       SteadyClock::instance(),
                       ChatTemplate::of_model(runtime->loaded_.chat_template), temperatures));
  runtime->calibration_ = std::move(temperatures.kinds);
  QAIO_RETURN_IF_ERROR(runtime->warm_up());
  return runtime;
}

// One short request touches every weight, the KV memory and the sampler's tables, so that the first
// real one finds them in memory.
Result<void> Runtime::warm_up() {
  GenerateOverrides overrides;
  overrides.max_new_tokens = 2;
  overrides.seed = 1;
  std::vector<std::string> tasks = {"sentiment", "chat"};
  std::erase_if(tasks, [&](const auto& task) { return pipeline_->refused_tasks().contains(task); });
  const RequestOutcome outcome = run_and_wait(*pipeline_, {.tasks = std::move(tasks),
                                                           .input = "你好, hello!",
                                                           .history = {},
                                                           .system = {},
                                                           .overrides = overrides});
  if (outcome.error) return tl::unexpected<Error>(*outcome.error);
  return {};
}

std::vector<std::string> Runtime::warnings() const {
  const auto corrections = loaded_.tokenizer->corrections();
  std::vector<std::string> out(corrections.begin(), corrections.end());
  const std::string& note = pipeline_->chat_template().note();
  if (!note.empty()) out.push_back(note + "; plain ChatML is used");
  if (const std::string& type = loaded_.decision.type; !type.empty()) {
    out.push_back("a decision model ('" + type +
                  "') that was trained on other prompts: questions are asked in the words of this "
                  "program, its temperatures are obeyed");
  }
  out.insert(out.end(), ignored_sampling_.begin(), ignored_sampling_.end());
  for (const auto& [task, reason] : pipeline_->refused_tasks())
    out.push_back(reason + "; requests for it are refused");
  return out;
}

Backend Runtime::backend() const {
  return {.pipeline = pipeline_.get(),
          .tasks = &tasks_,
          .tokenizer = loaded_.tokenizer.get(),
          .model = loaded_.model->info(),
          .engine = engine_.get(),
          .loaded_unix_s = SteadyClock::instance().wall_unix_ms() / 1000,
          .fingerprint = fingerprint(loaded_.model->info()),
          .calibration = calibration_};
}

void print_warnings(const Runtime& runtime) {
  for (const std::string& warning : runtime.warnings())
    fmt::print(stderr, "qaio: warning: {}: {}\n", runtime.model().name, warning);
}

RequestOutcome run_and_wait(const Pipeline& pipeline, const PipelineRequest& request,
                            PipelineCallbacks callbacks) {
  // Shared: the waiting thread may return while set_value() is still on its way out.
  const auto done = std::make_shared<std::promise<RequestOutcome>>();
  callbacks.on_done = [done](RequestOutcome outcome) { done->set_value(std::move(outcome)); };
  const auto run = pipeline.run(request, std::move(callbacks));
  return done->get_future().get();
}

}  // namespace qaio
