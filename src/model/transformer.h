// The forward pass of a dense Qwen model on packed weights.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "base/huge_buffer.h"
#include "base/thread_pool.h"
#include "kernels/kernels.h"
#include "model/config.h"
#include "model/kv_memory.h"
#include "model/model.h"
#include "model/weights.h"

namespace qaio {

struct TransformerOptions {
  int step_tokens_max = 512;
  int kv_tokens = 4096;  // rounded up to whole blocks
  KvType kv_type = KvType::kF16;
};

// One matrix of a phase. Its quantized input is the step's; float layouts read `input`.
struct MatrixProduct {
  const Linear* linear;
  const float* input;  // [tokens, input_stride]
  size_t input_stride;
  float* out;  // [tokens, stride]
  size_t stride;
  bool accumulate;
  bool precise = false;  // a second pass adds the input's quantization residual
};

class Transformer final : public Model {
 public:
  // Allocates all activation and KV memory. The pool and the kernels outlive the model.
  static Result<std::unique_ptr<Transformer>> create(const ModelConfig& config,
                                                     ModelWeights weights, ModelInfo info,
                                                     const Kernels& kernels, ThreadPool& pool,
                                                     const TransformerOptions& options);

  const ModelInfo& info() const override { return info_; }
  void forward(std::span<ForwardItem> items) override;
  int step_tokens_max() const override { return options_.step_tokens_max; }
  KvPool& kv_pool() override { return kv_pool_; }

 private:
  // One token of the step.
  struct TokenPlace {
    const ForwardItem* item;
    int position;  // in its sequence
    TokenId id;
  };
  // Some query rows of one KV head of one item: a unit of attention work.
  struct AttentionTask {
    int first_token;  // in the step
    int tokens;
    int kv_head;
  };
  // The matrices of a layer by phases.
  struct LayerProducts {
    std::array<MatrixProduct, 3> qkv;
    std::array<MatrixProduct, 1> output;
    std::array<MatrixProduct, 2> gate_up;
    std::array<MatrixProduct, 1> down;
  };
  // A logits row wanted: hidden state of a step token into out.
  struct LogitsRow {
    int token;
    float* out;                     // [vocab or rows.size()]
    std::span<const TokenId> rows;  // empty: all
  };
  // Buffers of one thread.
  struct ThreadBuffers {
    std::vector<std::byte> scratch_storage;
    std::byte* scratch;              // matmul_scratch_bytes, 64-byte aligned
    std::vector<float> q, out;       // [attention rows, head_dim]
    std::vector<int32_t> positions;  // [attention rows]
    std::vector<const std::byte*> key_blocks, value_blocks;
  };

  Transformer(const ModelConfig& config, ModelWeights weights, ModelInfo info,
              const Kernels& kernels, ThreadPool& pool, const TransformerOptions& options);
  void allocate();

  void plan(std::span<ForwardItem> items);
  void run_step(int thread);
  void run_layer(int index, int thread);
  void embed(int thread);
  void normalize(const std::vector<float>& weight, bool with_residual, int thread);
  void place_keys(const LayerWeights& layer, int index, int thread);
  void attend(int layer, int thread);
  // The task of a layer that is taken as number `index`; null behind the last. A thread's first is
  // that of its own number.
  const AttentionTask* attention_task(int index) const;
  // `next`: as AttentionArgs has it.
  void attend_task(const AttentionTask& task, const KvBlock& next, int layer,
                   ThreadBuffers& buffers);
  KvBlock first_kv(const AttentionTask& task, int layer) const;
  void fetch_kv(int layer, int thread) const;  // that of the thread's first task
  void activate(int thread);
  LayerProducts products_of(const LayerWeights& layer) const;
  // The weights that the thread reads first after layer `index`: of the next one, or of the head.
  const std::byte* after_layer(int index, int thread) const;
  // `then`: the weights that this thread reads first in the next phase, to be fetched at the end.
  void multiply(std::span<const MatrixProduct> products, const std::byte* then, int thread);
  // Rows [16 * from, 16 * to); `next`: as MatmulArgs has it.
  void multiply_tiles(const MatrixProduct& product, int from, int to, const std::byte* next,
                      int thread);
  const std::byte* first_tile(std::span<const MatrixProduct> products, int thread) const;
  void compute_logits(int thread);
  void compute_label_rows(const LogitsRow& row, int index, ThreadBuffers& buffers);
  // The step's quantized activations, `tokens` rows of `cols`; the phases reuse one buffer.
  QuantizedActivations quantized(int tokens, int cols) const {
    return {codes_, tokens, cols, kernels_.tile_tokens(tokens)};
  }
  // Row `index` of such activations as a tile of its own.
  QuantizedActivations one_row(int index) const {
    return {codes_ + QuantizedActivations::bytes(index, config_.hidden), 1, config_.hidden};
  }
  // What quantizing lost of the layers' inputs, quantized in turn.
  QuantizedActivations residual() const {
    const auto tokens = static_cast<int>(tokens_.size());
    return {residual_codes_, tokens, config_.hidden, kernels_.tile_tokens(tokens)};
  }
  // Quantizes x [hidden] and then what that lost; overwrites x.
  void quantize_with_residual(float* x, int token);
  // Calls body(token) for this thread's share of [0, count).
  template <typename Body>
  void for_share(int count, int thread, Body body) const {
    const int threads = pool_.size();
    const int begin = static_cast<int>(static_cast<int64_t>(count) * thread / threads);
    const int end = static_cast<int>(static_cast<int64_t>(count) * (thread + 1) / threads);
    for (int i = begin; i < end; ++i) body(i);
  }
  // The next unit of the current phase, shared by all threads; phases are numbered per step.
  std::atomic<int>& phase_counter(int thread);

  ModelConfig config_;
  ModelWeights weights_;
  ModelInfo info_;
  const Kernels& kernels_;
  ThreadPool& pool_;
  TransformerOptions options_;
  KvPool kv_pool_;
  KvMemory kv_memory_;
  std::vector<double> inverse_frequencies_;  // [head_dim / 2]
  // Grouped-query models: a key or value serves several heads, so its error weighs more, and its
  // matrices are small. Their input is multiplied with 16-bit precision.
  bool precise_kv_;

  // The step being computed.
  std::vector<TokenPlace> tokens_;
  std::vector<AttentionTask> attention_tasks_;
  std::vector<LogitsRow> logits_rows_;
  std::vector<float*> logits_out_;  // of the first rows, those that want the whole vocabulary

  HugeBuffer activations_;
  float* x_ = nullptr;         // [tokens, hidden] residual stream
  float* normed_ = nullptr;    // [tokens, hidden]
  float* qkv_ = nullptr;       // [tokens, q_cols + 2 kv_cols]
  float* attended_ = nullptr;  // [tokens, q_cols]
  float* gate_up_ = nullptr;   // [tokens, 2 * intermediate]
  float* cos_ = nullptr;       // [tokens, head_dim / 2]
  float* sin_ = nullptr;
  std::byte* codes_ = nullptr;           // QuantizedActivations::bytes(tokens, widest)
  std::byte* residual_codes_ = nullptr;  // QuantizedActivations::bytes(tokens, hidden)

  std::vector<ThreadBuffers> buffers_;
  std::vector<std::atomic<int>> counters_;  // one per dynamically shared phase of a step
  std::vector<int> next_phase_;             // per thread, 16 ints apart
};

}  // namespace qaio
