// Fuzzes the files of a slow tokenizer: the input's parts between zero bytes are vocab.json,
// merges.txt, tokenizer_config.json, added_tokens.json and special_tokens_map.json.
// Build with the preset fuzz; run: vocabulary_files_fuzz -max_len=8192 -timeout=10 CORPUS_DIR
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "text/vocabulary_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::string_view parts[5];
  for (std::string_view& part : parts) {
    part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  const auto vocabulary = vocabulary_from_files({parts[0], parts[1], parts[2], parts[3], parts[4]});
  if (!vocabulary) {
    if (vocabulary.error().message.empty()) std::abort();
    return 0;
  }
  const auto tokenizer = Tokenizer::from_vocabulary(*vocabulary);
  if (!tokenizer) return 0;
  for (const TokenId id : (*tokenizer)->encode("Hello, it's <|im_start|> 42\r\n  ")) {
    if (id < 0 || id >= (*tokenizer)->size()) std::abort();
  }
  return 0;
}
