#include "text/control_tokens.h"

#include <algorithm>
#include <array>

namespace qaio {
namespace {

// Frame messages and end texts: a token of them is never part of an answer.
constexpr auto kFrames =
    std::to_array<std::string_view>({"<|im_start|>", "<|im_end|>", "<|endoftext|>"});
// Stand in answers, where clients look for them.
constexpr auto kMarks = std::to_array<std::string_view>(
    {"<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"});

template <size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string out;
  for (const std::string_view name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

}  // namespace

bool is_control_token(const Vocabulary::AddedToken& token) {
  const std::string_view text = token.content;
  return token.special || among(kMarks, text) ||
         (text.size() > 4 && text.starts_with("<|") && text.ends_with("|>"));
}

std::vector<Vocabulary::AddedToken> with_control_tokens(const Vocabulary& vocabulary,
                                                        std::vector<std::string>* corrections) {
  std::vector<Vocabulary::AddedToken> added = vocabulary.added;
  std::vector<std::string_view> not_special, ordinary;
  for (auto& token : added) {
    if (among(kMarks, token.content)) token.special = false;  // readers look for them
    if (token.special || !among(kFrames, token.content)) continue;
    token.special = true;
    not_special.push_back(*std::ranges::find(kFrames, token.content));
  }
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const std::string& spelling = vocabulary.tokens[i];
    if (spelling.size() < 7 || spelling[0] != '<') continue;
    const bool frame = among(kFrames, spelling);
    if (!frame && !among(kMarks, spelling)) continue;
    const bool known = std::ranges::any_of(added, [&](const auto& token) {
      return token.content == spelling || token.id == static_cast<TokenId>(i);
    });
    if (known) continue;
    added.push_back({static_cast<TokenId>(i), spelling, frame});
    ordinary.push_back(spelling);
  }
  if (!not_special.empty()) {
    corrections->push_back("the vocabulary does not call " + joined(not_special) +
                           " special; taken as control tokens all the same");
  }
  if (!ordinary.empty()) {
    corrections->push_back("the vocabulary lists " + joined(ordinary) +
                           " among its ordinary tokens; taken as control tokens all the same");
  }
  return added;
}

}  // namespace qaio
