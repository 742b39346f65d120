// A model's weights, packed and bound to their places in the network.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
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

// Of a layer with a gated delta network, see kernels/delta_net.h.
struct DeltaNetWeights {
  Linear qkv;                     // [conv_channels, hidden]
  Linear z;                       // [value_cols, hidden]
  Linear a, b;                    // [value_heads, hidden]
  std::vector<float> conv;        // [conv_taps, conv_channels]
  std::vector<float> decay_rate;  // [value_heads], below 0
  std::vector<float> time_bias;   // [value_heads]
  std::vector<float> norm;        // [value_dim]
};

struct LayerWeights {
  std::vector<float> attention_norm;  // [hidden]
  // Of a layer with attention. With gated attention q has for each head its gates behind it:
  // [heads * 2 * head_dim, hidden].
  Linear q, k, v;                     // [heads * head_dim | kv_heads * head_dim, hidden]
  std::vector<float> q_norm, k_norm;  // [head_dim], but for Qwen2
  DeltaNetWeights delta;              // of the other layers
  Linear output;                      // [hidden, heads * head_dim | value_cols]
  std::vector<float> ffn_norm;        // [hidden]
  Linear gate, up;                    // [intermediate, hidden]
  Linear down;                        // [hidden, intermediate]
};

// What a layer of a kind consists of, with the shapes that it must have: whatever goes over all of
// it, goes over these.
template <typename Layer>  // LayerWeights or const LayerWeights
struct LayerParts {
  struct Matrix {
    decltype(&std::declval<Layer&>().q) linear;
    int rows, cols;
  };
  struct Vector {
    decltype(&std::declval<Layer&>().attention_norm) values;
    size_t size;
  };
  std::vector<Matrix> matrices;
  std::vector<Vector> vectors;
};
template <typename Layer>
LayerParts<Layer> parts_of(Layer& layer, LayerKind kind, const ModelConfig& c) {
  const auto hidden = static_cast<size_t>(c.hidden);
  LayerParts<Layer> parts;
  parts.vectors = {{&layer.attention_norm, hidden}, {&layer.ffn_norm, hidden}};
  if (kind == LayerKind::kAttention) {
    const size_t norm =
        c.architecture == Architecture::kQwen2 ? 0 : static_cast<size_t>(c.head_dim);
    parts.vectors.push_back({&layer.q_norm, norm});
    parts.vectors.push_back({&layer.k_norm, norm});
    parts.matrices = {{&layer.q, c.query_rows(), c.hidden},
                      {&layer.k, c.kv_cols(), c.hidden},
                      {&layer.v, c.kv_cols(), c.hidden},
                      {&layer.output, c.hidden, c.q_cols()}};
  } else {
    const DeltaNetConfig& d = c.delta;
    const auto heads = static_cast<size_t>(d.value_heads);
    parts.vectors.push_back({&layer.delta.conv, static_cast<size_t>(d.conv_taps) *
                                                    static_cast<size_t>(d.conv_channels())});
    parts.vectors.push_back({&layer.delta.decay_rate, heads});
    parts.vectors.push_back({&layer.delta.time_bias, heads});
    parts.vectors.push_back({&layer.delta.norm, static_cast<size_t>(d.value_dim)});
    parts.matrices = {{&layer.delta.qkv, d.conv_channels(), c.hidden},
                      {&layer.delta.z, d.value_cols(), c.hidden},
                      {&layer.delta.a, d.value_heads, c.hidden},
                      {&layer.delta.b, d.value_heads, c.hidden},
                      {&layer.output, c.hidden, d.value_cols()}};
  }
  parts.matrices.push_back({&layer.gate, c.intermediate, c.hidden});
  parts.matrices.push_back({&layer.up, c.intermediate, c.hidden});
  parts.matrices.push_back({&layer.down, c.hidden, c.intermediate});
  return parts;
}

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
