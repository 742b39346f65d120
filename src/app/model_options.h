// The options that every command with a model shares, and opening what they name.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/file_set.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "model/load.h"

namespace qaio {

struct ModelOptions {
  std::string model;  // folder, GGUF or packed file; empty: the embedded demo model
  int threads = 1;
  bool pin_threads = false;

  Pinning pinning() const { return pin_threads ? Pinning::kCores : Pinning::kNone; }
};

// Adds --model, --threads and --pin-threads (QAIO_MODEL, QAIO_THREADS, QAIO_PIN_THREADS); the
// default is every core allowed, not pinned.
void add_model_options(CLI::App& command, ModelOptions& options);
// Refuses an empty path, which a script whose variable is not set gives.
CLI::Validator names_a_model();
void add_model_path(CLI::App& command, std::string& model);
void add_threads_option(CLI::App& command, int& threads);
// Adds --weights (QAIO_WEIGHTS), whose values weights_mode_from_name() knows.
void add_weights_option(CLI::App& command, std::string& weights);
// Adds --kv-type (QAIO_KV_TYPE), f16 or q8.
void add_kv_type_option(CLI::App& command, KvType& type);

// The embedded demo model when `model` is empty. kNotFound / kIo with the path.
Result<FileSet> open_model(const std::string& model);

}  // namespace qaio
