// The source of a chat template as tokens: text, and the words inside {{ }} and {% %}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace qaio::jinja {

enum class TokenKind : uint8_t {
  kText,  // between the tags, white space around them already dropped
  kPrintBegin,
  kPrintEnd,
  kBlockBegin,
  kBlockEnd,
  kName,
  kString,  // escapes resolved
  kInteger,
  kFloat,
  kOperator,
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  int line = 1;
};

// With the settings under which Hugging Face renders chat templates: trim_blocks, lstrip_blocks,
// and no line break at the end of the file. kUnsupported names line and reason.
Result<std::vector<Token>> tokenize(std::string_view source);

tl::unexpected<Error> template_error(int line, const std::string& reason);

}  // namespace qaio::jinja
