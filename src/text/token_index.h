// From a token's spelling to its id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/token.h"

namespace qaio {

// A hash table that keeps ids only; the spellings stay with the caller. Thread-safe once filled.
class TokenIndex {
 public:
  explicit TokenIndex(size_t tokens_max);

  // `spelling_of(id)` gives the string_view an id was added with, in all calls.
  // Returns the id that already has this spelling, or nullopt after adding.
  template <typename SpellingOf>
  std::optional<TokenId> add(std::string_view spelling, TokenId id, const SpellingOf& spelling_of) {
    Slot* slot = find(spelling, spelling_of);
    if (slot->id >= 0) return slot->id;
    *slot = {tag_of(spelling), id};
    return std::nullopt;
  }

  template <typename SpellingOf>
  std::optional<TokenId> lookup(std::string_view spelling, const SpellingOf& spelling_of) const {
    const Slot* slot = const_cast<TokenIndex*>(this)->find(spelling, spelling_of);
    if (slot->id < 0) return std::nullopt;
    return slot->id;
  }

 private:
  struct Slot {
    uint32_t tag = 0;  // the hash: spares reading most spellings that differ
    TokenId id = -1;   // -1: free
  };
  static uint32_t tag_of(std::string_view spelling);

  template <typename SpellingOf>
  Slot* find(std::string_view spelling, const SpellingOf& spelling_of) {
    const uint32_t tag = tag_of(spelling);
    size_t at = tag & mask_;
    for (;; at = (at + 1) & mask_) {
      Slot& slot = slots_[at];
      if (slot.id < 0 || (slot.tag == tag && spelling_of(slot.id) == spelling)) return &slot;
    }
  }

  std::vector<Slot> slots_;  // open addressing, at most half full
  size_t mask_;
};

}  // namespace qaio
