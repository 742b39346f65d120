// What a Tokenizer consists of; shared by its source files only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/split_pattern.h"
#include "text/token_index.h"
#include "text/tokenizer.h"

namespace qaio {

// One set of added tokens. Those marked `normalized` are looked for after NFC.
struct AddedTokenSet {
  AddedTokenMatcher raw;
  AddedTokenMatcher normalized;
};

struct Tokenizer::Impl {
  Impl(SplitPattern pattern, size_t merges_max) : split(std::move(pattern)), merges(merges_max) {}

  std::string_view token_bytes(TokenId id) const {
    const auto index = static_cast<size_t>(id);
    if (id < 0 || index >= special.size()) return {};
    return std::string_view(bytes).substr(offsets[index], offsets[index + 1] - offsets[index]);
  }

  // For from_tables(); tokenizer_tables.cpp.
  Result<void> add_tokens(std::vector<Vocabulary::AddedToken> tokens);
  void index_whole_pieces();

  std::string bytes;              // of all tokens, one after another
  std::vector<uint32_t> offsets;  // [size + 1] into `bytes`
  std::vector<bool> special;      // [size]
  std::array<TokenId, 256> byte_ids{};
  SplitPattern split;
  MergeTable merges;
  AddedTokenSet plain_added;  // words: recognized in all text
  AddedTokenSet all_added;
  std::vector<Vocabulary::AddedToken> added;
  std::vector<std::string> corrections;
  std::string split_pattern;
  std::unique_ptr<TokenIndex> whole_pieces;  // by bytes; null unless ignore_merges
  bool nfc = true;
};

}  // namespace qaio
