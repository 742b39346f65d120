// The languages of findings, comparisons and charts: each sentence is written once, both versions
// beside each other where its figures are.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace qaio {

enum class Language : uint8_t { kEnglish, kChinese };

// The same arguments for both; a version that wants them in another order numbers them: {1}, {0}.
template <typename... Args>
std::string say(Language language, fmt::format_string<Args...> english,
                fmt::format_string<Args...> chinese, Args&&... args) {
  const fmt::string_view text = language == Language::kChinese ? chinese : english;
  std::string out;
  fmt::vformat_to(std::back_inserter(out), text, fmt::make_format_args(args...));
  return out;
}

// Things side by side: "a, b".
inline std::string list_text(Language language, const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, language == Language::kChinese ? "、" : ", "));
}
// Clauses of one sentence: "a; b".
inline std::string clauses_text(Language language, const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, language == Language::kChinese ? "；" : "; "));
}
// Sentences after each other: "One. Two."
inline std::string sentences_text(Language language, const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, language == Language::kChinese ? "" : " "));
}

}  // namespace qaio
