// qaio convert: a model as a packed file, which starts by being mapped.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "app/model_options.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "model/load.h"

namespace qaio {
namespace {

struct Options {
  std::string model;
  std::string output;
  std::string weights = "auto";
  int threads = 1;
};

Result<void> convert(const Options& options) {
  QAIO_ASSIGN(const FileSet files, open_model(options.model));
  ThreadPool pool(options.threads);
  QAIO_ASSIGN(const PackedModel model,
              pack_model(files, pool, *weights_mode_from_name(options.weights)));
  QAIO_RETURN_IF_ERROR(write_packed_file(model, options.output));
  fmt::print("{}: {} parameters, {} of weights\n", options.output,
             count_text(model.info.parameters), bytes_text(model.info.packed_bytes));
  return {};
}

}  // namespace

void add_convert(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "convert", "Write a model as one packed file that starts at once and is shared in memory");
  command->add_option("model", options->model, "Hugging Face folder or GGUF file")
      ->required()
      ->type_name("MODEL");
  command->add_option("output", options->output, "The file to write")
      ->required()
      ->type_name("OUT.qaio");
  add_weights_option(*command, options->weights);
  add_threads_option(*command, options->threads);
  command->callback([options, &exit_code] { exit_code = exit_code_of(convert(*options)); });
}

}  // namespace qaio
