// Byte-level BPE exactly as Hugging Face's tokenizers run it for Qwen: NFC, the split pattern,
// merges by rank. Special tokens are matched only where the caller asks for it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/token.h"

namespace qaio {

// What tokenizer.json and GGUF metadata have in common.
struct Vocabulary {
  struct AddedToken {
    TokenId id = 0;
    std::string content;  // plain UTF-8
    bool special = true;  // false: matched in text always, like an ordinary word
  };
  std::vector<std::string> tokens;  // index = id, in the byte-to-unicode spelling of GPT-2
  std::vector<std::string> merges;  // "left right" in the same spelling, best rank first
  std::vector<AddedToken> added;
  std::string split_pattern;        // PCRE2 regular expression; empty: the Qwen pattern
};

// Immutable after construction; all methods are thread-safe.
class Tokenizer {
 public:
  // Bytes of a Hugging Face tokenizer.json. kCorrupt / kUnsupported name what was found.
  static Result<std::unique_ptr<Tokenizer>> from_json(std::string_view tokenizer_json);
  static Result<std::unique_ptr<Tokenizer>> from_vocabulary(Vocabulary vocabulary);
  ~Tokenizer();

  // Ids of plain text: "<|im_end|>" in it is ordinary characters. Invalid UTF-8 bytes are kept.
  std::vector<TokenId> encode(std::string_view text) const;
  // Like encode(), but the spelling of an added token becomes that token.
  std::vector<TokenId> encode_with_special(std::string_view text) const;
  // The id of an added token by its exact spelling, e.g. "<|im_start|>".
  std::optional<TokenId> special(std::string_view content) const;

  // Bytes of the ids; ids outside the vocabulary give nothing. May end inside a character.
  std::string decode(std::span<const TokenId> ids, bool skip_special = true) const;
  // The raw bytes one token stands for (special tokens: their spelling). Empty if out of range.
  std::string_view token_bytes(TokenId id) const;
  bool is_special(TokenId id) const;
  // Number of ids, including added tokens.
  TokenId size() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Turns a stream of ids into text that never ends inside a UTF-8 character.
class StreamingDetokenizer {
 public:
  explicit StreamingDetokenizer(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}
  // The text that became complete with this token, possibly empty. Special tokens give nothing.
  std::string push(TokenId id);
  // What is left at the end: an incomplete character becomes U+FFFD.
  std::string finish();

 private:
  const Tokenizer* tokenizer_;
  std::string pending_;
};

}  // namespace qaio
