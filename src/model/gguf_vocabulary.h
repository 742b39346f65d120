// The tokenizer of a GGUF file.
#pragma once

#include "base/result.h"
#include "text/tokenizer.h"
#include "weights/gguf.h"

namespace qaio {

// Padding ("[PAD151669]") is no token: its ids stand for nothing.
// Byte-level BPE ("gpt2") with Qwen's split pattern ("qwen2"); others are kUnsupported.
Result<Vocabulary> vocabulary_from_gguf(const GgufFile& file);

}  // namespace qaio
