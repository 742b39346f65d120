#include "model/gguf_vocabulary.h"

#include <algorithm>
#include <optional>

#include "text/split_pattern.h"

namespace qaio {
namespace {

// Values of tokenizer.ggml.token_type.
constexpr int64_t kControl = 3;
constexpr int64_t kUserDefined = 4;
constexpr int64_t kUnused = 5;

// "[PAD151669]": what converters call the rows of the embedding matrix that have no token.
bool is_padding(std::string_view spelling) {
  constexpr std::string_view kBegin = "[PAD";
  if (!spelling.starts_with(kBegin) || !spelling.ends_with(']')) return false;
  const std::string_view digits =
      spelling.substr(kBegin.size(), spelling.size() - kBegin.size() - 1);
  return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

// A token before or behind every text. A chat template that writes "bos_token" does so itself.
Result<void> refuse_added_ends(const GgufFile& file) {
  const std::string_view chat = file.get_string("tokenizer.chat_template", "").value_or("");
  for (const char* key : {"tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token"}) {
    QAIO_ASSIGN(const bool adds, file.get_bool(key, false));
    const bool written = std::string_view(key).ends_with("add_bos_token") &&
                         chat.find("bos_token") != std::string_view::npos;
    if (!adds || written) continue;
    return fail(ErrorCode::kUnsupported, file.label() + ": metadata entry " + quoted_name(key) +
                                             " is true, which is not supported");
  }
  return {};
}

// Of a pre-tokenizer; nullopt for one that this program does not have. "default" is what files made
// before the key existed were given; DeepSeek's distilled models have Qwen's pattern under a name
// of their own.
std::optional<std::string_view> split_pattern_of(std::string_view pre) {
  if (pre == "qwen2" || pre == "default" || pre == "deepseek-r1-qwen") return kQwenSplitPattern;
  if (pre == "qwen35") return kQwen35SplitPattern;
  return std::nullopt;
}

}  // namespace

Result<Vocabulary> vocabulary_from_gguf(const GgufFile& file) {
  QAIO_ASSIGN(const std::string_view model, file.get_string("tokenizer.ggml.model"));
  QAIO_ASSIGN(const std::string_view pre, file.get_string("tokenizer.ggml.pre", "qwen2"));
  const std::optional<std::string_view> pattern = split_pattern_of(pre);
  if (model != "gpt2" || !pattern) {
    return fail(ErrorCode::kUnsupported, file.label() + ": the tokenizer is " + quoted_name(model) +
                                             " with pre-tokenizer " + quoted_name(pre) +
                                             "; supported is gpt2 with qwen2 or qwen35");
  }
  QAIO_RETURN_IF_ERROR(refuse_added_ends(file));
  QAIO_ASSIGN(const auto tokens, file.get_string_array("tokenizer.ggml.tokens"));
  QAIO_ASSIGN(const auto merges, file.get_string_array("tokenizer.ggml.merges"));
  Vocabulary vocabulary;
  vocabulary.split_pattern = *pattern;
  vocabulary.tokens.assign(tokens.begin(), tokens.end());
  vocabulary.merges.assign(merges.begin(), merges.end());
  for (std::string& token : vocabulary.tokens) {
    if (is_padding(token)) token.clear();
  }
  if (!file.contains("tokenizer.ggml.token_type")) return vocabulary;
  QAIO_ASSIGN(const auto types, file.get_int_array("tokenizer.ggml.token_type"));
  for (size_t i = 0; i < std::min(types.size(), tokens.size()); ++i) {
    if (types[i] != kControl && types[i] != kUserDefined && types[i] != kUnused) continue;
    if (vocabulary.tokens[i].empty()) continue;
    vocabulary.added.push_back(  // an unused token is never shown
        {static_cast<TokenId>(i), vocabulary.tokens[i], types[i] != kUserDefined});
  }
  return vocabulary;
}

}  // namespace qaio
