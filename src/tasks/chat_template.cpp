#include "tasks/chat_template.h"

#include <algorithm>

namespace qaio {
namespace {

constexpr std::string_view kThoughtEnd = "</think>";

bool thinks(const Tokenizer& tokenizer) {
  return tokenizer.special("<think>") && tokenizer.special(kThoughtEnd);
}

}  // namespace

std::string answer_head(const Tokenizer& tokenizer) {
  return thinks(tokenizer) ? "assistant\n<think>\n\n</think>\n\n" : "assistant\n";
}

std::string_view repeated_answer(std::string_view answer, const Tokenizer& tokenizer) {
  const size_t end = answer.rfind(kThoughtEnd);
  if (end == std::string_view::npos || !thinks(tokenizer)) return answer;
  answer.remove_prefix(end + kThoughtEnd.size());
  answer.remove_prefix(std::min(answer.find_first_not_of('\n'), answer.size()));
  return answer;
}

}  // namespace qaio
