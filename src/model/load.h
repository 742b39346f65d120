// From files to a running model.
#pragma once

#include <memory>
#include <string>

#include "base/file_set.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "model/model.h"
#include "text/tokenizer.h"

namespace qaio {

// How weights are held and multiplied.
enum class WeightsMode : uint8_t {
  kAuto,    // quantized files as they are; F32/F16/BF16 packed to 8 bits
  kNative,  // F32/F16/BF16 in their own precision with f32 arithmetic; quantized files as kAuto
  kF32,     // everything dequantized to f32 with f32 arithmetic: the reference
};

struct LoadOptions {
  WeightsMode weights = WeightsMode::kAuto;
  int kv_tokens = 0;       // positions of KV memory; 0: 4 sequences of context_max, at most 16384
  int step_tokens_max = 512;
};

struct LoadedModel {
  std::unique_ptr<Model> model;
  std::unique_ptr<Tokenizer> tokenizer;
  std::vector<TokenId> end_tokens;  // from generation_config.json or GGUF metadata
};

// `files` holds config.json, tokenizer.json and *.safetensors, or a single *.gguf. It may be
// released once this returns. One sentence names the file, the tensor and the reason on error.
// A `tokenizer.json` beside a GGUF is not needed: its metadata hold the vocabulary.
Result<LoadedModel> load_model(const FileSet& files, ThreadPool& pool, const LoadOptions& options);

}  // namespace qaio
