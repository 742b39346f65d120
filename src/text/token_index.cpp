#include "text/token_index.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace qaio {

TokenIndex::TokenIndex(size_t tokens_max)
    : slots_(std::bit_ceil(std::max<size_t>(2 * tokens_max, 2))), mask_(slots_.size() - 1) {}

uint32_t TokenIndex::tag_of(std::string_view spelling) {
  return static_cast<uint32_t>(std::hash<std::string_view>()(spelling));
}

}  // namespace qaio
