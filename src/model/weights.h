// A model's weights, packed and bound to their places in the network.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file_set.h"
#include "base/huge_buffer.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "kernels/packed.h"
#include "model/config.h"
#include "weights/packed.h"
#include "weights/tensor_table.h"

namespace qaio {

struct Linear {
  PackedView weights;       // [out, in]
  std::vector<float> bias;  // [out], or empty
};

struct LayerWeights {
  std::vector<float> attention_norm;  // [hidden]
  Linear q, k, v;                     // [heads * head_dim | kv_heads * head_dim, hidden]
  std::vector<float> q_norm, k_norm;  // [head_dim], Qwen3 only
  Linear output;                      // [hidden, heads * head_dim]
  std::vector<float> ffn_norm;        // [hidden]
  Linear gate, up;                    // [intermediate, hidden]
  Linear down;                        // [hidden, intermediate]
};

struct ModelWeights {
  PackedView embedding;  // [vocab, hidden]
  std::vector<LayerWeights> layers;
  std::vector<float> final_norm;    // [hidden]
  PackedView head;                  // [vocab, hidden]; the embedding if tied
  std::span<const std::byte> area;  // what the views point into
  HugeBuffer memory;                // holds `area` if it was packed here
  // Those that hold `area` if it is a mapped one's.
  std::vector<std::shared_ptr<const MappedFile>> files;

  uint64_t parameters = 0;
  std::string weight_type;  // the most frequent by bytes, e.g. "Q4_K"
};

enum class TensorNaming : uint8_t { kHuggingFace, kGguf };

// Finds, checks and packs every tensor, in parallel on `pool`, and lets the pages of `files` go as
// their tensors are done, so that the weights are never in memory twice. Errors name file, tensor,
// reason.
Result<ModelWeights> pack_weights(const FileSet& files, const TensorTable& tensors,
                                  TensorNaming naming, const ModelConfig& config, WeightsMode mode,
                                  ThreadPool& pool);

}  // namespace qaio
