// A built tokenizer as plain tables, and back.
#include <algorithm>

#include "text/byte_alphabet.h"
#include "text/control_tokens.h"
#include "text/normalize.h"
#include "text/tokenizer_impl.h"

namespace qaio {
namespace {

tl::unexpected<Error> corrupt(std::string_view what) {
  return fail(ErrorCode::kCorrupt, "tokenizer: " + std::string(what));
}

Result<void> check(const TokenizerTables& tables) {
  const size_t size = tables.offsets.empty() ? 0 : tables.offsets.size() - 1;
  if (size == 0 || size > kTokensMax || tables.merges.size() > kMergesMax ||
      tables.byte_ids.size() != 256 || tables.added.size() > kTokensMax) {
    return corrupt("a table has an impossible size");
  }
  uint32_t last = 0;
  for (const uint32_t offset : tables.offsets) {
    if (offset < last || offset > tables.bytes.size())
      return corrupt("a token lies outside the table of spellings");
    last = offset;
  }
  const auto known = [&](TokenId id) { return id >= 0 && static_cast<size_t>(id) < size; };
  for (const auto& merge : tables.merges) {
    if (!known(merge.left) || !known(merge.right) || !known(merge.merged))
      return corrupt("a merge names a token that does not exist");
  }
  for (const TokenId id : tables.byte_ids)
    if (!known(id)) return corrupt("a byte has a token that does not exist");
  for (const auto& token : tables.added) {
    if (!known(token.id) || token.content.empty() ||
        token.content.size() > AddedTokenMatcher::kSpellingBytesMax)
      return corrupt("an added token is out of range");
  }
  return {};
}

}  // namespace

// Fills what follows from the list of added tokens.
Result<void> Tokenizer::Impl::add_tokens(std::vector<Vocabulary::AddedToken> tokens) {
  added = std::move(tokens);
  for (const auto& token : added) {
    special[static_cast<size_t>(token.id)] = token.special;
    std::string storage;
    const bool normalized = token.normalized && nfc;
    const std::string_view text = normalized ? to_nfc(token.content, &storage) : token.content;
    for (AddedTokenSet* set : {&all_added, &plain_added}) {
      if (set == &plain_added && is_control_token(token)) continue;
      if (!(normalized ? set->normalized : set->raw).add(text, token.id))
        return corrupt("two added tokens have one spelling");
    }
  }
  return {};
}

void Tokenizer::Impl::index_whole_pieces() {
  std::vector<bool> plain(special.size(), true);
  for (const auto& token : added) {  // which of them plain text may give, see Builder::is_plain()
    std::string spelled;
    plain[static_cast<size_t>(token.id)] = !is_control_token(token) &&
                                           append_spelled_bytes(token.content, &spelled) &&
                                           spelled == token.content;
  }
  whole_pieces = std::make_unique<TokenIndex>(special.size());
  const auto spelling_of = [this](TokenId id) { return token_bytes(id); };
  for (size_t i = 0; i < special.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    if (plain[i] && !token_bytes(id).empty()) whole_pieces->add(token_bytes(id), id, spelling_of);
  }
}

Result<std::unique_ptr<Tokenizer>> Tokenizer::from_tables(TokenizerTables tables) {
  QAIO_RETURN_IF_ERROR(check(tables));
  QAIO_ASSIGN(SplitPattern split, SplitPattern::compile(tables.split_pattern));
  auto impl = std::make_unique<Impl>(std::move(split), tables.merges.size());
  impl->split_pattern = std::move(tables.split_pattern);
  impl->nfc = tables.nfc;
  impl->bytes = std::move(tables.bytes);
  impl->offsets = std::move(tables.offsets);
  impl->special.assign(impl->offsets.size() - 1, false);
  std::copy(tables.byte_ids.begin(), tables.byte_ids.end(), impl->byte_ids.begin());
  for (const auto& merge : tables.merges) {
    if (!impl->merges.add(merge.left, merge.right, merge.merged))
      return corrupt("a merge is listed twice");
  }
  QAIO_RETURN_IF_ERROR(impl->add_tokens(std::move(tables.added)));
  if (tables.ignore_merges) impl->index_whole_pieces();
  return std::unique_ptr<Tokenizer>(new Tokenizer(std::move(impl)));
}

TokenizerTables Tokenizer::tables() const {
  TokenizerTables tables;
  tables.bytes = impl_->bytes;
  tables.offsets = impl_->offsets;
  for (const auto& [left, right] : impl_->merges.pairs()) {
    const auto rank = static_cast<uint32_t>(tables.merges.size());
    tables.merges.push_back({left, right, impl_->merges.merged(rank)});
  }
  tables.byte_ids.assign(impl_->byte_ids.begin(), impl_->byte_ids.end());
  tables.added = impl_->added;
  tables.split_pattern = impl_->split_pattern;
  tables.nfc = impl_->nfc;
  tables.ignore_merges = impl_->whole_pieces != nullptr;
  return tables;
}

}  // namespace qaio
