#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/split_pattern.h"

#include <pcre2.h>

#include <array>

#include "base/utf8.h"

namespace qaio {
namespace {

// White_Space in The Unicode Standard (PropList.txt); unchanged since 6.3.
constexpr std::string_view kWhiteSpace =
    R"(\t-\r\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";

constexpr size_t kPatternBytesMax = 4096;
// Backtracking steps within one match. The Qwen pattern needs at most a few per character of the
// longest run of white space.
constexpr uint32_t kMatchLimit = 50'000'000;
constexpr uint32_t kHeapLimitKiB = 16 * 1024;

struct MatchDataDeleter {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

// One per thread: PCRE2 writes the match's position into it. Null if memory ran out.
pcre2_match_data* thread_match_data() {
  thread_local const std::unique_ptr<pcre2_match_data, MatchDataDeleter> data(
      pcre2_match_data_create(1, nullptr));
  return data.get();
}

std::string pcre2_reason(int error) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(error, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

// Replaces \s, and \S outside of brackets, by explicit white space.
std::string with_explicit_space(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char escaped = pattern[++i];
      if (escaped == 's') {
        out.append(in_class ? "" : "[").append(kWhiteSpace).append(in_class ? "" : "]");
      } else if (escaped == 'S' && !in_class) {
        out.append("[^").append(kWhiteSpace).append("]");
      } else {
        out.append({c, escaped});
      }
      continue;
    }
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    out.push_back(c);
  }
  return out;
}

size_t char_length(std::string_view text, size_t pos) {
  return next_utf8_char(text.substr(pos)).length;
}

}  // namespace

void SplitPattern::free_code(pcre2_real_code_8* code) { pcre2_code_free(code); }
void SplitPattern::free_context(pcre2_real_match_context_8* context) {
  pcre2_match_context_free(context);
}

Result<SplitPattern> SplitPattern::compile(std::string_view pattern) {
  const auto unsupported = [](const std::string& why) {
    return fail(ErrorCode::kUnsupported, "the tokenizer's split pattern " + why);
  };
  if (pattern.size() > kPatternBytesMax) {
    return unsupported("has " + std::to_string(pattern.size()) + " bytes; at most " +
                       std::to_string(kPatternBytesMax) + " are supported");
  }
  const std::string source = with_explicit_space(pattern);
  int error = 0;
  PCRE2_SIZE error_pos = 0;
  SplitPattern result;
  result.code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(source.data()), source.size(),
                                   PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error,
                                   &error_pos, nullptr));
  if (!result.code_) {
    return unsupported("does not compile: " + pcre2_reason(error) + " at byte " +
                       std::to_string(error_pos) + " of \"" + source + "\"");
  }
  result.limits_.reset(pcre2_match_context_create(nullptr));
  if (!result.limits_) return fail(ErrorCode::kResourceExhausted, "out of memory for PCRE2");
  pcre2_set_match_limit(result.limits_.get(), kMatchLimit);
  pcre2_set_heap_limit(result.limits_.get(), kHeapLimitKiB);
  // Where the JIT compiler is missing or forbidden, the interpreter gives the same answers.
  result.jit_ = pcre2_jit_compile(result.code_.get(), PCRE2_JIT_COMPLETE) == 0;
  return result;
}

int SplitPattern::run(std::string_view text, size_t from, size_t* begin, size_t* end) const {
  pcre2_match_data* data = thread_match_data();
  if (data == nullptr) return PCRE2_ERROR_NOMEMORY;
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  int status = PCRE2_ERROR_JIT_STACKLIMIT;
  if (jit_) {
    status = pcre2_jit_match(code_.get(), subject, text.size(), from, 0, data, limits_.get());
  }
  if (status == PCRE2_ERROR_JIT_STACKLIMIT) {
    status = pcre2_match(code_.get(), subject, text.size(), from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
                         data, limits_.get());
  }
  if (status < 0) return status;
  const PCRE2_SIZE* range = pcre2_get_ovector_pointer(data);
  *begin = range[0];
  *end = range[1];
  return status;
}

SplitPattern::Range SplitPattern::match(std::string_view text, size_t from) const {
  size_t search = from;
  while (search < text.size()) {
    size_t begin = 0;
    size_t end = 0;
    const int status = run(text, search, &begin, &end);
    if (status == PCRE2_ERROR_NOMATCH) break;
    if (status < 0) return {from, text.size()};
    if (begin < end && begin >= from) return {begin, end};
    // An empty match (or one that \K moved) cuts nothing; look behind it.
    const size_t empty_at = std::min(std::max(begin, search), text.size());
    if (empty_at == text.size()) break;
    search = empty_at + char_length(text, empty_at);
  }
  return {text.size(), text.size()};
}

std::string_view SplitPattern::Pieces::next() {
  if (pos_ == text_.size()) return {};
  if (match_end_ <= pos_) {
    const Range found = pattern_->match(text_, pos_);
    match_begin_ = found.begin;
    match_end_ = found.end;
  }
  const size_t begin = pos_;
  pos_ = begin < match_begin_ ? match_begin_ : match_end_;
  return text_.substr(begin, pos_ - begin);
}

}  // namespace qaio
