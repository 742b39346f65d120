#include "app/model_options.h"

#include "app/embedded_model.h"
#include "base/cores.h"

namespace qaio {

CLI::Validator names_a_model() {
  return {[](const std::string& path) {
            return std::string(path.empty() ? "'' names no model; leave it out for the demo" : "");
          },
          ""};
}

void add_model_path(CLI::App& command, std::string& model) {
  command
      .add_option("-m,--model", model,
                  "Hugging Face folder, GGUF or packed file; without it the embedded demo model")
      ->envname("QAIO_MODEL")
      ->check(names_a_model())
      ->type_name("PATH");
}

void add_weights_option(CLI::App& command, std::string& weights) {
  command
      .add_option("--weights", weights,
                  "auto: F32/F16/BF16 packed to 8 bits, quantized files as they are; native: all "
                  "in their own precision; q8, q4: everything rounded to 8 or 4 bits")
      ->envname("QAIO_WEIGHTS")
      ->check(CLI::IsMember({"auto", "native", "q8", "q4"}))
      ->type_name("MODE")
      ->capture_default_str();
}

void add_kv_type_option(CLI::App& command, KvType& type) {
  const auto set = [&type](const std::string& name) {
    type = name == "q8" ? KvType::kQ8 : KvType::kF16;
  };
  command
      .add_option_function<std::string>(
          "--kv-type", set,
          "Keys and values in memory as f16, or as q8: about half the memory, less precise")
      ->envname("QAIO_KV_TYPE")
      ->check(CLI::IsMember({"f16", "q8"}))
      ->type_name("TYPE")
      ->default_str("f16");
}

void add_model_options(CLI::App& command, ModelOptions& options) {
  add_model_path(command, options.model);
  add_threads_option(command, options.threads);
  command.add_flag("--pin-threads", options.pin_threads, "Keep each of them on a core of its own")
      ->envname("QAIO_PIN_THREADS");
}

void add_threads_option(CLI::App& command, int& threads) {
  threads = cores_allowed();
  command
      .add_option(
          "-t,--threads", threads,
          "Threads that compute; by default the cores that this process may use: those of its "
          "affinity and cpuset, and no more than its CPU quota has whole")
      ->envname("QAIO_THREADS")
      ->check(CLI::Range(1, 1024))
      ->type_name("N")
      ->capture_default_str();
}

Result<FileSet> open_model(const std::string& model) {
  if (model.empty()) return embedded_demo_model();
  return FileSet::open(model);
}

}  // namespace qaio
