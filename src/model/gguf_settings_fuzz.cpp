// libFuzzer: any bytes as a GGUF file, all of its settings read: the model's shape, its vocabulary,
// how its tokens are drawn, its chat templates and what it says of decisions.
#include "base/fuzz_for_test.h"
#include "model/chat_template_source.h"
#include "model/config.h"
#include "model/decision_keys.h"
#include "model/generation_config.h"
#include "model/gguf_vocabulary.h"
#include "text/tokenizer_checks_for_test.h"
#include "weights/gguf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  const auto file = GgufFile::parse(std::as_bytes(std::span(data, size)), "fuzz");
  if (!file) return 0;
  const auto config = config_from_gguf(*file);
  require(config ? validate_config(*config, "fuzz").has_value()
                 : config.error().message.starts_with("fuzz"));
  const auto generation = generation_config_from_gguf(*file);
  require(generation ? validate_generation_config(*generation, "fuzz").has_value()
                     : generation.error().message.starts_with("fuzz"));
  const auto keys = decision_keys_from_gguf(*file);
  require(keys ? validate_decision_keys(*keys, "fuzz").has_value()
               : keys.error().message.starts_with("fuzz"));
  static_cast<void>(chat_template_of(*file));
  static_cast<void>(other_chat_templates(*file));
  const auto vocabulary = vocabulary_from_gguf(*file);
  if (!vocabulary) {
    require(!vocabulary.error().message.empty());
    return 0;
  }
  const auto tokenizer = Tokenizer::from_vocabulary(*vocabulary);
  if (tokenizer) check_text(**tokenizer, "Hello, 世界! <|im_start|> it's \xFF 42\r\n  ");
  return 0;
}
