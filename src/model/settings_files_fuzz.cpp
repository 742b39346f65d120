// libFuzzer: any bytes as the files of a Hugging Face folder that say how its model is used. The
// parts between zero bytes are config.json, generation_config.json, tokenizer_config.json,
// chat_template.json and chat_template.jinja.
#include <array>
#include <string>

#include "base/fuzz_for_test.h"
#include "model/chat_template_source.h"
#include "model/config.h"
#include "model/generation_config.h"
#include "model/model_files.h"

namespace qaio {
namespace {

void check_config(std::string_view text) {
  const auto config = config_from_json(text, "fuzz");
  if (!config) {
    require(config.error().message.starts_with("fuzz"));
    return;
  }
  // What is accepted is what the layers above are promised.
  require(validate_config(*config, "fuzz").has_value());
  require(config->claims.mtp_layers >= 0);
}

void check_generation(std::string_view text) {
  const auto generation = generation_config_from_json(text, "fuzz");
  if (!generation) {
    require(generation.error().message.starts_with("fuzz"));
    return;
  }
  require(validate_generation_config(*generation, "fuzz").has_value());
  require(*generation == generation_config_from_json(text, "fuzz").value());
}

}  // namespace
}  // namespace qaio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  FuzzInput input(data, size);
  FileSet files;
  for (const char* name : {"config.json", "generation_config.json", "tokenizer_config.json",
                           "chat_template.json", "chat_template.jinja"}) {
    const std::string_view part = input.part('\0');
    if (!part.empty()) files.add(name, std::as_bytes(std::span(part)));
  }
  check_config(files.text("config.json"));
  check_generation(files.text("generation_config.json"));
  if (const auto source = chat_template_of(files); !source) {
    require(!source.error().message.empty());
  }
  static_cast<void>(find_model(files));
  require(names_of_model(files).size() <= files.names().size());
  return 0;
}
