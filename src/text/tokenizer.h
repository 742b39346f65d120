// Byte-level BPE exactly as Hugging Face's tokenizers run it for Qwen: NFC, the split pattern,
// merges by rank. Special tokens are matched only where the caller asks for it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/token.h"
#include "text/marked_text.h"

namespace qaio {

// What tokenizer.json and GGUF metadata have in common.
struct Vocabulary {
  struct AddedToken {
    TokenId id = 0;
    std::string content;      // plain UTF-8, 1 to 512 bytes
    bool special = true;      // false: matched in text always, like an ordinary word
    bool normalized = false;  // true: matched after NFC instead of before
  };
  // Index = id, in the byte-to-unicode spelling of GPT-2 ("Ġthe"). Added tokens may stand here too,
  // spelled plainly, or lie behind. Empty: no token has this id. At most kTokensMax (2^20).
  std::vector<std::string> tokens;
  std::vector<std::string> merges;  // "left right" in the same spelling, best rank first
  std::vector<AddedToken> added;
  std::string split_pattern;   // regular expression, PCRE2's syntax; empty: the Qwen pattern
  bool nfc = true;             // normalize text first
  bool ignore_merges = false;  // a piece that is a token as a whole is not merged from bytes
};

// A tokenizer as built: what a file can hold so that the next start needs no hashing of spellings.
struct TokenizerTables {
  struct Merge {
    TokenId left, right, merged;
  };
  std::string bytes;              // of all tokens, one after another
  std::vector<uint32_t> offsets;  // [tokens + 1] into `bytes`
  std::vector<Merge> merges;      // best rank first
  std::vector<TokenId> byte_ids;  // [256]
  std::vector<Vocabulary::AddedToken> added;
  std::string split_pattern;
  bool nfc = true;
  bool ignore_merges = false;
};

// Immutable after construction; all methods are thread-safe.
//
// For valid UTF-8, decode(encode(text), false) is NFC(text). Bytes that are not valid UTF-8 become
// the tokens of the single bytes, unchanged, so that every text survives the round trip.
class Tokenizer {
 public:
  // Reads the bytes of a Hugging Face tokenizer.json, whose decoder must be ByteLevel BPE.
  // kCorrupt: not JSON, a section is missing or contradicts another. kUnsupported: well-formed, but
  // would tokenize in a way this class does not. The message names what was found.
  // The post-processor, truncation and padding are ignored: special tokens come from the prompt
  // template alone, and lengths are limited elsewhere. Some folders list added tokens in
  // tokenizer_config.json alone: its bytes, or empty.
  static Result<std::unique_ptr<Tokenizer>> from_json(std::string_view tokenizer_json,
                                                      std::string_view tokenizer_config_json = {});
  // kCorrupt: ids or merges contradict each other. kUnsupported: a byte has no token, the split
  // pattern does not compile, or a maximum is exceeded.
  static Result<std::unique_ptr<Tokenizer>> from_vocabulary(const Vocabulary& vocabulary);
  // The inverse of tables(). kCorrupt if an id, an offset or a count is out of range.
  static Result<std::unique_ptr<Tokenizer>> from_tables(TokenizerTables tables);
  ~Tokenizer();

  // Ids of plain text: "<|im_end|>" or "<think>" in it are ordinary characters, and no control
  // token (control_tokens.h) is ever returned. Other added tokens, which are words, are recognized.
  // Ends soon after `ids_max` ids: if there are more of them, the text has more, too.
  std::vector<TokenId> encode(std::string_view text, size_t ids_max = SIZE_MAX) const;
  // Like encode(), but the spelling of any added token becomes that token: the leftmost first, the
  // longest where several begin. For text that the prompt template itself wrote.
  std::vector<TokenId> encode_with_special(std::string_view text, size_t ids_max = SIZE_MAX) const;
  // The pieces of a rendered prompt: added tokens whose whole spelling the template wrote, and the
  // text between them, for encode(). The texts are parts of `rendered`.
  struct Span {
    std::string_view text;
    std::optional<TokenId> token;
  };
  std::vector<Span> spans(const MarkedText& rendered) const;
  // The id of an added token, special or not, by its exact spelling, e.g. "<|im_start|>".
  std::optional<TokenId> special(std::string_view content) const;

  // Bytes of the ids; ids outside the vocabulary give nothing. May hold bytes that are not valid
  // UTF-8, for instance when the last character is incomplete: see replace_invalid_utf8().
  std::string decode(std::span<const TokenId> ids, bool skip_special = true) const;
  // The raw bytes one token stands for (added tokens: their spelling); valid while the tokenizer
  // lives. Empty if there is no such token.
  std::string_view token_bytes(TokenId id) const;
  bool is_special(TokenId id) const;
  // Control tokens that the vocabulary's source called ordinary ones, in words for its user. Not
  // kept in tables().
  std::span<const std::string> corrections() const;
  // The largest id, added tokens included, plus one.
  TokenId size() const;
  TokenizerTables tables() const;

 private:
  struct Impl;
  class Encoder;
  class Builder;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Turns a stream of ids into valid UTF-8 that never ends inside a character. All that push() and
// finish() return, joined, is replace_invalid_utf8(decode(ids)). Not thread-safe.
class StreamingDetokenizer {
 public:
  // `tokenizer` must outlive this object.
  explicit StreamingDetokenizer(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}
  // The text that became complete with this token, possibly empty. Special tokens and ids outside
  // the vocabulary give nothing.
  std::string push(TokenId id);
  // What is left at the end: an incomplete character becomes U+FFFD. Ready for another stream.
  std::string finish();

 private:
  const Tokenizer* tokenizer_;
  std::string pending_;  // the beginning of one character, at most 3 bytes
};

}  // namespace qaio
