// qaio synth: a random model of a published shape, for measuring speed and memory.
#include "weights/synth.h"

#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/mapped_file.h"
#include "cli/commands.h"
#include "cli/terminal.h"

namespace qaio {
namespace {

struct Options {
  std::string shape = "qwen1.5-0.5b";
  std::string type = "f16";
  std::string head;
  std::string tokenizer;
  uint64_t seed = 1;
  std::string output;
};

std::vector<std::string> shape_names() {
  std::vector<std::string> names;
  for (const ModelShape& shape : model_shapes()) names.emplace_back(shape.name);
  return names;
}

Result<void> synth(const Options& options) {
  SynthOptions synth_options;
  synth_options.type =
      options.type == "q4_k_m" ? TensorType::kQ4_K : *tensor_type_from_name(options.type);
  if (!options.head.empty()) synth_options.head = tensor_type_from_name(options.head);
  synth_options.seed = options.seed;
  MappedFile tokenizer;
  if (!options.tokenizer.empty()) {
    QAIO_ASSIGN(tokenizer, MappedFile::open(options.tokenizer));
    synth_options.tokenizer_json = {reinterpret_cast<const char*>(tokenizer.bytes().data()),
                                    tokenizer.bytes().size()};
  }
  Progress progress("Writing " + options.output);
  synth_options.progress = [&progress](double fraction) { progress.update(fraction); };
  return synthesize_gguf(*find_model_shape(options.shape), synth_options, options.output);
}

}  // namespace

void add_synth(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "synth", "Write a random model of a published shape as GGUF, to measure speed with");
  command->add_option("output", options->output, "The file to write")
      ->required()
      ->type_name("OUT.gguf");
  command->add_option("--shape", options->shape, "Whose dimensions")
      ->check(CLI::IsMember(shape_names()))
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--type", options->type, "Weight type")
      ->transform(CLI::IsMember({"f16", "q8_0", "q4_0", "q4_k_m"}, CLI::ignore_case))
      ->type_name("TYPE")
      ->capture_default_str();
  command->add_option("--head", options->head, "Type of embedding and output head, if another")
      ->check(CLI::IsMember({"f16", "q8_0", "q4_0", "q6_k"}, CLI::ignore_case))
      ->type_name("TYPE");
  command->add_option("--tokenizer", options->tokenizer, "A tokenizer.json to put in")
      ->type_name("FILE");
  command->add_option("--seed", options->seed, "Same seed, same bytes")
      ->type_name("N")
      ->capture_default_str();
  command->callback([options, &exit_code] { exit_code = exit_code_of(synth(*options)); });
}

}  // namespace qaio
