// From a Vocabulary to the tables a Tokenizer works with; everything is checked here.
#include <algorithm>

#include "text/byte_alphabet.h"
#include "text/control_tokens.h"
#include "text/in_quotes.h"
#include "text/normalize.h"
#include "text/tokenizer_impl.h"

namespace qaio {
namespace {

constexpr size_t kTokenBytesMax = size_t{1} << 30;  // all tokens together

tl::unexpected<Error> corrupt(std::string what) {
  return fail(ErrorCode::kCorrupt, "tokenizer: " + std::move(what));
}
tl::unexpected<Error> unsupported(std::string what) {
  return fail(ErrorCode::kUnsupported, "tokenizer: " + std::move(what));
}

}  // namespace

class Tokenizer::Builder {
 public:
  Builder(const Vocabulary& vocabulary, Impl* impl)
      : vocabulary_(vocabulary), impl_(*impl), index_(vocabulary.tokens.size()) {}

  Result<void> build() {
    impl_.nfc = vocabulary_.nfc;
    QAIO_RETURN_IF_ERROR(index_spellings());
    QAIO_RETURN_IF_ERROR(add_added_tokens());
    QAIO_RETURN_IF_ERROR(spell_out());
    QAIO_RETURN_IF_ERROR(find_byte_tokens());
    QAIO_RETURN_IF_ERROR(add_merges());
    if (vocabulary_.ignore_merges) index_whole_pieces();
    return {};
  }

 private:
  const std::string& spelling(TokenId id) const {
    return vocabulary_.tokens[static_cast<size_t>(id)];
  }
  std::optional<TokenId> lookup(std::string_view text) const {
    return index_.lookup(text, [this](TokenId id) -> std::string_view { return spelling(id); });
  }
  // Whether plain text may give this id. Control tokens: never. Other added tokens stand for their
  // plain spelling, so if the byte alphabet reads it differently, only a match may give them.
  bool is_plain(TokenId id) const {
    const auto index = static_cast<size_t>(id);
    if (added_spelling_[index] == nullptr) return true;
    std::string bytes;
    return !control_[index] && append_spelled_bytes(*added_spelling_[index], &bytes) &&
           bytes == *added_spelling_[index];
  }

  Result<void> index_spellings() {
    const auto spelling_of = [this](TokenId id) -> std::string_view { return spelling(id); };
    for (size_t i = 0; i < vocabulary_.tokens.size(); ++i) {
      const auto id = static_cast<TokenId>(i);
      if (spelling(id).empty()) continue;
      if (const auto other = index_.add(spelling(id), id, spelling_of)) {
        return corrupt("ids " + std::to_string(*other) + " and " + std::to_string(id) +
                       " both spell " + in_quotes(spelling(id)));
      }
    }
    return {};
  }

  Result<void> add_added_tokens() {
    size_t size = vocabulary_.tokens.size();
    impl_.added = with_control_tokens(vocabulary_, &impl_.corrections);
    for (const auto& token : impl_.added) {
      QAIO_RETURN_IF_ERROR(check_added(token));
      size = std::max(size, static_cast<size_t>(token.id) + 1);
    }
    impl_.special.assign(size, false);
    control_.assign(size, false);
    added_spelling_.assign(size, nullptr);
    for (const auto& token : impl_.added) {
      const auto index = static_cast<size_t>(token.id);
      if (added_spelling_[index] != nullptr) {
        return corrupt("added tokens " + in_quotes(*added_spelling_[index]) + " and " +
                       in_quotes(token.content) + " share the id " + std::to_string(token.id));
      }
      added_spelling_[index] = &token.content;
      impl_.special[index] = token.special;
      control_[index] = is_control_token(token);
      if (!add_to_matchers(token)) {
        return corrupt("two added tokens are spelled " + in_quotes(token.content));
      }
    }
    return {};
  }

  Result<void> check_added(const Vocabulary::AddedToken& token) const {
    if (token.id < 0 || static_cast<size_t>(token.id) >= kTokensMax) {
      return corrupt("added token " + in_quotes(token.content) + " has the id " +
                     std::to_string(token.id) + ", which is out of range");
    }
    if (token.content.empty() || token.content.size() > AddedTokenMatcher::kSpellingBytesMax) {
      return unsupported("added token " + std::to_string(token.id) + " is spelled with " +
                         std::to_string(token.content.size()) + " bytes; 1 to " +
                         std::to_string(AddedTokenMatcher::kSpellingBytesMax) + " are supported");
    }
    const bool listed = static_cast<size_t>(token.id) < vocabulary_.tokens.size();
    if (listed && !spelling(token.id).empty() && spelling(token.id) != token.content) {
      return corrupt("added token " + in_quotes(token.content) + " has the id " +
                     std::to_string(token.id) + ", which the vocabulary gives to " +
                     in_quotes(spelling(token.id)));
    }
    const auto other = lookup(token.content);
    if (other && *other != token.id) {
      return corrupt("added token " + in_quotes(token.content) + " has the id " +
                     std::to_string(token.id) + " but the vocabulary gives it " +
                     std::to_string(*other));
    }
    return {};
  }

  bool add_to_matchers(const Vocabulary::AddedToken& token) {
    std::string storage;
    const bool normalized = token.normalized && vocabulary_.nfc;
    const std::string_view text = normalized ? to_nfc(token.content, &storage) : token.content;
    const auto add = [&](AddedTokenSet* set) {
      return (normalized ? set->normalized : set->raw).add(text, token.id);
    };
    return add(&impl_.all_added) && (is_control_token(token) || add(&impl_.plain_added));
  }

  // The bytes of every token.
  Result<void> spell_out() {
    const size_t size = impl_.special.size();
    impl_.offsets.reserve(size + 1);
    impl_.offsets.push_back(0);
    for (size_t i = 0; i < size; ++i) {
      if (added_spelling_[i] != nullptr) {
        impl_.bytes.append(*added_spelling_[i]);
      } else if (i < vocabulary_.tokens.size() &&
                 !append_spelled_bytes(vocabulary_.tokens[i], &impl_.bytes)) {
        impl_.bytes.append(vocabulary_.tokens[i]);  // as Hugging Face's ByteLevel decoder does
      }
      if (impl_.bytes.size() > kTokenBytesMax) return unsupported("the tokens exceed 1 GiB");
      impl_.offsets.push_back(static_cast<uint32_t>(impl_.bytes.size()));
    }
    return {};
  }

  Result<void> find_byte_tokens() {
    for (size_t byte = 0; byte < 256; ++byte) {
      std::string text;
      append_spelling(static_cast<uint8_t>(byte), &text);
      const auto id = lookup(text);
      if (!id) {
        return unsupported("no token stands for the byte " + std::to_string(byte) + " (spelled " +
                           in_quotes(text) + "); only byte-level vocabularies are supported");
      }
      if (!is_plain(*id)) {
        return unsupported("the added token " + in_quotes(text) + " also stands for the byte " +
                           std::to_string(byte));
      }
      impl_.byte_ids[byte] = *id;
    }
    return {};
  }

  Result<void> add_merges() {
    std::string joined;
    TokenId expected = 0;
    for (const std::string& merge : vocabulary_.merges) {
      const size_t space = merge.find(' ');
      if (space == 0 || space == std::string::npos || space + 1 == merge.size() ||
          merge.find(' ', space + 1) != std::string::npos) {
        return corrupt("merge " + in_quotes(merge) + " is not two tokens with a space between");
      }
      const std::string_view left = std::string_view(merge).substr(0, space);
      const std::string_view right = std::string_view(merge).substr(space + 1);
      joined.assign(left).append(right);
      const auto left_id = lookup(left);
      const auto right_id = lookup(right);
      const auto merged_id = lookup_near(joined, expected);
      if (!left_id || !right_id || !merged_id) {
        const std::string_view missing = !left_id ? left : !right_id ? right : joined;
        return corrupt("merge " + in_quotes(merge) + " needs the token " + in_quotes(missing) +
                       ", which the vocabulary lacks");
      }
      expected = *merged_id + 1;
      if (!is_plain(*merged_id)) continue;  // left out: it may not come out of plain text
      if (!impl_.merges.add(*left_id, *right_id, *merged_id)) {
        return corrupt("merge " + in_quotes(merge) + " is listed twice");
      }
    }
    return {};
  }

  // Vocabularies list their tokens in the order of the merges, so the id is nearly always known.
  std::optional<TokenId> lookup_near(const std::string& text, TokenId expected) const {
    const bool hit =
        static_cast<size_t>(expected) < vocabulary_.tokens.size() && spelling(expected) == text;
    return hit ? std::optional(expected) : lookup(text);
  }

  void index_whole_pieces() {
    impl_.whole_pieces = std::make_unique<TokenIndex>(vocabulary_.tokens.size());
    const auto spelling_of = [this](TokenId id) { return impl_.token_bytes(id); };
    for (size_t i = 0; i < vocabulary_.tokens.size(); ++i) {
      const auto id = static_cast<TokenId>(i);
      if (!is_plain(id) || impl_.token_bytes(id).empty()) continue;
      impl_.whole_pieces->add(impl_.token_bytes(id), id, spelling_of);
    }
  }

  const Vocabulary& vocabulary_;
  Impl& impl_;
  TokenIndex index_;
  std::vector<bool> control_;                       // by id
  std::vector<const std::string*> added_spelling_;  // by id; null: not an added token
};

Result<std::unique_ptr<Tokenizer>> Tokenizer::from_vocabulary(const Vocabulary& vocabulary) {
  if (vocabulary.tokens.size() > kTokensMax || vocabulary.merges.size() > kMergesMax ||
      vocabulary.added.size() > kTokensMax) {
    return unsupported(std::to_string(vocabulary.tokens.size()) + " tokens, " +
                       std::to_string(vocabulary.merges.size()) + " merges and " +
                       std::to_string(vocabulary.added.size()) +
                       " added tokens; at most 2^20, 2^24 - 1 and 2^20 are supported");
  }
  const std::string_view pattern =
      vocabulary.split_pattern.empty() ? kQwenSplitPattern : vocabulary.split_pattern;
  QAIO_ASSIGN(SplitPattern split, SplitPattern::compile(pattern));
  auto impl = std::make_unique<Impl>(std::move(split), vocabulary.merges.size());
  impl->split_pattern = pattern;
  QAIO_RETURN_IF_ERROR(Builder(vocabulary, impl.get()).build());
  return std::unique_ptr<Tokenizer>(new Tokenizer(std::move(impl)));
}

}  // namespace qaio
