// tokenizer_config.json: what it says beside tokenizer.json.
#pragma once

#include <string_view>

#include "base/result.h"
#include "text/tokenizer.h"

namespace qaio {

// Adds the tokens of "added_tokens_decoder" that the vocabulary does not have yet, and calls
// special what it calls special. kCorrupt for an entry that is none; errors of parse_json().
Result<void> add_configured_tokens(std::string_view tokenizer_config_json, Vocabulary* vocabulary);

}  // namespace qaio
