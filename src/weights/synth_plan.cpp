#include "weights/synth_plan.h"

#include <utility>

namespace qaio {
namespace {

// llama.cpp's choice: the first and the last eighth, and every third between them.
bool gets_more_bits(int layer, int layers) {
  const int eighth = layers / 8;
  return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
}

class Plan {
 public:
  Plan(const ModelShape& shape, TensorType matrix, std::optional<TensorType> head)
      : shape_(shape), matrix_(matrix) {
    const bool mixed = matrix == TensorType::kQ4_K;
    const bool as_quantizer = mixed || (shape.delta_net && matrix == TensorType::kQ4_0);
    const TensorType output = head.value_or(as_quantizer ? TensorType::kQ6_K : matrix);
    add("token_embd.weight", shape.tied ? output : head.value_or(matrix),
        {shape.vocab, shape.hidden});
    for (int layer = 0; layer < shape.layers; ++layer) {
      prefix_ = "blk." + std::to_string(layer) + ".";
      sensitive_ = mixed && gets_more_bits(layer, shape.layers) ? TensorType::kQ6_K : matrix;
      add_layer(layer);
    }
    prefix_.clear();
    add_norm("output_norm", shape.hidden);
    if (!shape.tied) add("output.weight", output, {shape.vocab, shape.hidden});
  }

  std::vector<PlannedTensor> take() { return std::move(tensors_); }

 private:
  void add_layer(int layer) {
    const int64_t hidden = shape_.hidden;
    add_norm("attn_norm", hidden);
    if (!shape_.delta_net || shape_.delta_net->is_full(layer)) {
      add_attention();
    } else {
      add_delta_net(*shape_.delta_net);
    }
    add_norm(shape_.delta_net ? "post_attention_norm" : "ffn_norm", hidden);
    add_linear("ffn_gate", matrix_, shape_.intermediate, hidden);
    add_linear("ffn_up", matrix_, shape_.intermediate, hidden);
    add_linear("ffn_down", sensitive_, hidden, shape_.intermediate);
  }

  void add_attention() {
    const int64_t hidden = shape_.hidden;
    const int64_t q_rows = int64_t{shape_.heads} * shape_.head_dim;
    const int64_t kv_rows = int64_t{shape_.kv_heads} * shape_.head_dim;
    const bool bias = shape_.architecture == "qwen2";
    // Each head of qwen35 has a gate of its size beside its query.
    add_linear("attn_q", matrix_, shape_.delta_net ? 2 * q_rows : q_rows, hidden, bias);
    add_linear("attn_k", matrix_, kv_rows, hidden, bias);
    add_linear("attn_v", sensitive_, kv_rows, hidden, bias);
    if (!bias) add_norm("attn_q_norm", shape_.head_dim);
    if (!bias) add_norm("attn_k_norm", shape_.head_dim);
    add_linear("attn_output", matrix_, hidden, q_rows);
  }

  void add_delta_net(const DeltaNetShape& net) {
    const int64_t hidden = shape_.hidden;
    const int64_t heads = net.value_heads;
    const int64_t values = heads * net.head_dim;
    add_linear("attn_qkv", sensitive_, net.conv_channels(), hidden);
    add_linear("attn_gate", matrix_, values, hidden);
    add_linear("ssm_alpha", matrix_, heads, hidden);
    add_linear("ssm_beta", matrix_, heads, hidden);
    constexpr float kTap = 0.25f;
    add("ssm_conv1d.weight", TensorType::kF32, {net.conv_channels(), net.conv_taps}, 0.0f, kTap);
    add("ssm_a", TensorType::kF32, {heads});
    tensors_.back().fill = SynthFill::kDecay;
    add("ssm_dt.bias", TensorType::kF32, {heads});
    tensors_.back().fill = SynthFill::kStep;
    add_norm("ssm_norm", net.head_dim);
    add_linear("ssm_out", matrix_, hidden, values);
  }

  void add(const std::string& name, TensorType type, std::vector<int64_t> shape, float mean = 0.0f,
           float deviation = 0.02f) {
    if (shape.back() % tensor_traits(type).block_elements != 0) type = TensorType::kQ8_0;
    tensors_.push_back({prefix_ + name, type, std::move(shape), mean, deviation});
  }
  void add_linear(const std::string& name, TensorType type, int64_t rows, int64_t cols,
                  bool bias = false) {
    add(name + ".weight", type, {rows, cols});
    if (bias) add(name + ".bias", TensorType::kF32, {rows});
  }
  void add_norm(const std::string& name, int64_t size) {
    add(name + ".weight", TensorType::kF32, {size}, 1.0f, 0.05f);
  }

  const ModelShape& shape_;
  const TensorType matrix_;
  TensorType sensitive_ = TensorType::kF32;  // of this layer's v and down
  std::string prefix_;
  std::vector<PlannedTensor> tensors_;
};

}  // namespace

std::vector<PlannedTensor> plan_tensors(const ModelShape& shape, TensorType matrix,
                                        std::optional<TensorType> head) {
  return Plan(shape, matrix, head).take();
}

}  // namespace qaio
