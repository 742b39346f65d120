#pragma once

#include <cstdint>

namespace qaio {

// Index of a token in the vocabulary.
using TokenId = int32_t;

}  // namespace qaio
