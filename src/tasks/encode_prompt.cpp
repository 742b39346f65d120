#include "tasks/encode_prompt.h"

#include <algorithm>

namespace qaio {
namespace {

std::vector<TokenId> encode_span(std::string_view text, const Tokenizer& tokenizer, size_t room,
                                 SpanCache* cache) {
  if (cache == nullptr) return tokenizer.encode(text, room);
  const auto known = cache->find(std::string(text));
  if (known != cache->end()) return known->second;
  std::vector<TokenId> ids = tokenizer.encode(text, room);
  if (ids.size() <= room) cache->emplace(text, ids);  // else they may be a beginning only
  return ids;
}

}  // namespace

EncodedPrompt encode_prompt(const MarkedText& rendered, const Tokenizer& tokenizer,
                            size_t tokens_max, SpanCache* cache) {
  // The last run of bytes that a message brought.
  constexpr char kMessage = static_cast<char>(TextOrigin::kMessage);
  const size_t last = rendered.origins.rfind(kMessage);
  size_t begin = last;
  while (last != std::string::npos && begin > 0 && rendered.origins[begin - 1] == kMessage) --begin;

  EncodedPrompt out;
  size_t at = 0;
  for (const Tokenizer::Span& span : tokenizer.spans(rendered)) {
    if (out.ids.size() > tokens_max) return {std::move(out.ids), 0};
    if (span.token) {
      out.ids.push_back(*span.token);
    } else {
      const auto ids = encode_span(span.text, tokenizer, tokens_max - out.ids.size(), cache);
      out.ids.insert(out.ids.end(), ids.begin(), ids.end());
      if (last != std::string::npos && at <= begin && begin < at + span.text.size()) {
        const size_t head = tokenizer.encode(span.text.substr(0, begin - at)).size();
        const size_t tail = tokenizer.encode(span.text.substr(last + 1 - at)).size();
        out.last_message_tokens = ids.size() - std::min(head + tail, ids.size());
      }
    }
    at += span.text.size();
  }
  return out;
}

}  // namespace qaio
