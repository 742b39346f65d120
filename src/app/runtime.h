// A model ready to answer inside this process: what `serve`, `run` and `chat` have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/model_options.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "config/toml_file.h"
#include "engine/engine.h"
#include "model/load.h"
#include "server/api/api.h"
#include "tasks/pipeline.h"
#include "tasks/task.h"

namespace qaio {

struct RuntimeOptions {
  ModelOptions model;
  std::string config;
  std::string weights = "auto";
  int kv_tokens = LoadOptions().kv_tokens;
  KvType kv_type = KvType::kF16;
  size_t state_bytes = LoadOptions().state_bytes;
  int parallel = EngineOptions().sequences_max;
  int queue_max = EngineOptions().queue_max;
};

// --model, --threads, --weights, --kv-tokens, --kv-type, --state-mib, --parallel, --queue-max,
// --config, each also as QAIO_*.
void add_runtime_options(CLI::App& command, RuntimeOptions& options);

// For tests of the whole program (tests/slowed): every model that a Runtime loads from now on
// passes through `wrap` first.
void set_model_wrapper(std::function<std::unique_ptr<Model>(std::unique_ptr<Model>)> wrap);

// Everything from the weights to the tasks, warmed up. Members are destroyed in reverse order: the
// engine's thread ends before the model it runs goes.
class Runtime {
 public:
  // Loads the model, defines the tasks of `config`, which apply_config() returned, beside the
  // built-in ones, and runs each of `chat`'s and `sentiment`'s code paths once.
  static Result<std::unique_ptr<Runtime>> create(const RuntimeOptions& options,
                                                 const TomlFile& config);

  const ModelInfo& model() const { return loaded_.model->info(); }
  const Pipeline& pipeline() const { return *pipeline_; }
  // What the server's endpoints need; it borrows from this runtime.
  Backend backend() const;
  int threads() const { return pool_.size(); }
  // What is odd about the model's files, one sentence each; it runs all the same.
  std::vector<std::string> warnings() const;

 private:
  explicit Runtime(const ModelOptions& options) : pool_(options.threads, options.pinning()) {}
  Result<void> warm_up();

  ThreadPool pool_;
  LoadedModel loaded_;
  std::vector<std::string> ignored_sampling_;
  TaskRegistry tasks_ = TaskRegistry::built_in();
  Calibration calibration_;  // of questions: the file's of tasks, else the model's
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Pipeline> pipeline_;
};

// To standard error, for commands whose output is an answer.
void print_warnings(const Runtime& runtime);

// Runs one request and waits for it. `callbacks.on_done` is taken.
RequestOutcome run_and_wait(const Pipeline& pipeline, const PipelineRequest& request,
                            PipelineCallbacks callbacks = {});

}  // namespace qaio
