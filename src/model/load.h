// From files to a model ready to run.
#pragma once

#include <memory>
#include <string>

#include "base/file_set.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "kernels/kernels.h"
#include "model/decision_keys.h"
#include "model/generation_config.h"
#include "model/model.h"
#include "model/packed_file.h"
#include "text/tokenizer.h"
#include "weights/packed.h"

namespace qaio {

struct LoadOptions {
  WeightsMode weights = WeightsMode::kAuto;
  int kv_tokens = 8192;  // positions of KV memory, for all sequences together
  int step_tokens_max = 512;
  KvType kv_type = KvType::kF16;  // WeightsMode::kF32 keeps floats
  // For the states of models with recurrent layers: of sequences, and of prefixes that are kept. No
  // fewer than a few whatever they take.
  size_t state_bytes = size_t{512} << 20;
};

struct LoadedModel {
  std::unique_ptr<Model> model;
  std::unique_ptr<Tokenizer> tokenizer;
  std::vector<TokenId> end_tokens;  // from generation_config.json or GGUF metadata
  GenerationConfig generation;      // from generation_config.json or GGUF metadata
  std::string chat_template;        // its source; empty if the files have none
  DecisionKeys decision;            // from GGUF metadata
};

// `files` holds config.json, a tokenizer and *.safetensors, or a GGUF file, perhaps in parts, or a
// packed file, whatever their names (model_files.h). It may be released once this returns. One
// sentence names the file, the tensor and the reason on error. A `tokenizer.json` beside a GGUF is
// not needed: its metadata hold the vocabulary.
Result<LoadedModel> load_model(const FileSet& files, ThreadPool& pool, const LoadOptions& options);

// The first half of load_model() for files that are not packed yet: what `qaio convert` writes.
// kInvalidArgument for a packed file.
Result<PackedModel> pack_model(const FileSet& files, ThreadPool& pool, WeightsMode mode);

}  // namespace qaio
