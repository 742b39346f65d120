// Cuts text into the pieces that byte-level BPE may not merge across.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct pcre2_real_code_8;
struct pcre2_real_match_context_8;

namespace qaio {

// What Qwen1.5, Qwen2, Qwen2.5 and Qwen3 use.
inline constexpr std::string_view kQwenSplitPattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

// What Qwen3.5 uses: marks belong to the letters before them.
inline constexpr std::string_view kQwen35SplitPattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N})"
    R"(| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// A compiled pattern. Immutable and thread-safe.
//
// Hugging Face's tokenizers run the pattern with Oniguruma, where \s is exactly the Unicode
// property White_Space. PCRE2's \s adds U+180E, so \s and \S are rewritten before compiling.
class SplitPattern {
 public:
  // kUnsupported with the position and PCRE2's reason if the pattern does not compile.
  static Result<SplitPattern> compile(std::string_view pattern);

  // The pieces of `text` one after another; together they are the whole text.
  //
  // Matches are pieces, and so is what lies between two matches ("Isolated" in tokenizer.json). If
  // a match runs into PCRE2's limits (never with the Qwen pattern), all that is left becomes one
  // piece: encoding stays lossless and takes bounded time.
  class Pieces {
   public:
    // `text` must be valid UTF-8; it and the pattern must outlive this object.
    Pieces(const SplitPattern& pattern, std::string_view text) : pattern_(&pattern), text_(text) {}
    // The next piece, never empty; an empty view at the end.
    std::string_view next();

   private:
    const SplitPattern* pattern_;
    std::string_view text_;
    size_t pos_ = 0;          // end of the last piece, bytes
    size_t match_begin_ = 0;  // a match already found behind a gap
    size_t match_end_ = 0;
  };

 private:
  struct Range {
    size_t begin;  // bytes
    size_t end;
  };

  SplitPattern() = default;
  // The first non-empty match at or after `from`; {size, size} if there is none.
  Range match(std::string_view text, size_t from) const;
  int run(std::string_view text, size_t from, size_t* begin, size_t* end) const;

  template <auto kFree>
  struct Deleter {
    template <typename T>
    void operator()(T* pointer) const {
      kFree(pointer);
    }
  };
  static void free_code(pcre2_real_code_8* code);
  static void free_context(pcre2_real_match_context_8* context);

  std::unique_ptr<pcre2_real_code_8, Deleter<free_code>> code_;
  std::unique_ptr<pcre2_real_match_context_8, Deleter<free_context>> limits_;
  bool jit_ = false;
};

}  // namespace qaio
