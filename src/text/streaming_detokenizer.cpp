#include "base/utf8.h"
#include "text/tokenizer.h"

namespace qaio {

std::string StreamingDetokenizer::push(TokenId id) {
  if (tokenizer_->is_special(id)) return {};
  pending_.append(tokenizer_->token_bytes(id));
  std::string_view rest = pending_;
  std::string complete;
  while (!rest.empty()) {
    const size_t valid = valid_utf8_prefix(rest);
    complete.append(rest.substr(0, valid));
    rest.remove_prefix(valid);
    if (rest.empty()) break;
    const Utf8Char bad = next_utf8_char(rest);
    if (bad.kind == Utf8Char::Kind::kIncomplete) break;
    complete.append(kReplacementCharacter);
    rest.remove_prefix(bad.length);
  }
  pending_.erase(0, pending_.size() - rest.size());
  return complete;
}

std::string StreamingDetokenizer::finish() {
  const std::string_view rest = pending_.empty() ? std::string_view() : kReplacementCharacter;
  pending_.clear();
  return std::string(rest);
}

}  // namespace qaio
