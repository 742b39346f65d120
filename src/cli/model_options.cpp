#include "cli/model_options.h"

#include "base/thread_pool.h"
#include "cli/embedded_model.h"

namespace qaio {

void add_model_path(CLI::App& command, std::string& model) {
  command
      .add_option("-m,--model", model,
                  "Hugging Face folder or GGUF file; without it the embedded demo model")
      ->envname("QAIO_MODEL")
      ->type_name("PATH");
}

void add_model_options(CLI::App& command, ModelOptions& options) {
  add_model_path(command, options.model);
  options.threads = cores_allowed();
  command.add_option("-t,--threads", options.threads, "Threads that compute")
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
