// 256 short English words, each, with a space before it, one token of Qwen's vocabulary; the same
// holds for most of them in other models' vocabularies.
#pragma once

#include <span>
#include <string_view>

namespace qaio {

std::span<const std::string_view> common_words();

}  // namespace qaio
