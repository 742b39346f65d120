// The files of a tokenizer that was saved without tokenizer.json (Hugging Face's "slow" ones).
#pragma once

#include <string_view>

#include "base/result.h"
#include "text/tokenizer.h"

namespace qaio {

// Their contents; the optional ones may be empty.
struct VocabularyFiles {
  std::string_view vocab_json;               // spelling -> id
  std::string_view merges_txt;               // "left right" a line, best first
  std::string_view tokenizer_config_json;    // optional: added tokens with their flags
  std::string_view added_tokens_json;        // optional: spelling -> id of added tokens
  std::string_view special_tokens_map_json;  // optional: which of them are special
};

// Qwen2's tokenizer, as its class reads these files. kCorrupt or kUnsupported, the sentence begins
// with the name of the file.
Result<Vocabulary> vocabulary_from_files(const VocabularyFiles& files);

}  // namespace qaio
