// The forward pass of a dense Qwen model on packed weights: transformer.cpp has the steps and
// layers with attention, transformer_products.cpp the matrix products, transformer_delta.cpp the
// gated delta networks.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/kernels.h"
#include "model/config.h"
#include "model/kv_memory.h"
#include "model/model.h"
#include "model/state_memory.h"
#include "model/step_buffers.h"
#include "model/step_plan.h"
#include "model/token_parts.h"
#include "model/weights.h"

namespace qaio {

struct TransformerOptions {
  int step_tokens_max = 512;
  int kv_tokens = 4096;    // rounded up to whole blocks
  size_t state_bytes = 0;  // for states of recurrent layers, beyond the fewest that there must be
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
  void copy_kv(std::span<const KvCopy> copies) override;
  KvPool& kv_pool() override { return kv_pool_; }

 private:
  // The matrices of a layer by phases.
  struct LayerProducts {
    std::array<MatrixProduct, 4> projections;  // of the layer's input
    size_t projection_count;                   // of them are there
    std::span<const MatrixProduct> input() const {
      return std::span(projections).first(projection_count);
    }
    std::array<MatrixProduct, 1> output;
    std::array<MatrixProduct, 2> gate_up;
    std::array<MatrixProduct, 1> down;
  };
  // Buffers of one thread.
  struct ThreadBuffers {
    std::vector<std::byte> scratch_storage;
    std::byte* scratch;              // matmul_scratch_bytes, 64-byte aligned
    std::vector<float> q, out;       // [attention rows, head_dim]
    std::vector<int32_t> positions;  // [attention rows]
    std::vector<const std::byte*> key_blocks, value_blocks;
    HugeBuffer delta;  // scratch of DeltaNetArgs, then states of branches that are not kept
  };
  // A key head's part of a layer's state.
  struct HeadState {
    const float* window = nullptr;  // of the layer's channels, or of those of this head
    const float* matrices = nullptr;
    bool compact = false;  // it holds this key head alone
  };

  Transformer(const ModelConfig& config, ModelWeights weights, ModelInfo info,
              const Kernels& kernels, ThreadPool& pool, const TransformerOptions& options);
  Result<void> allocate_thread_buffers();

  void run_step(int thread);
  void run_layer(int index, int thread);
  void run_delta_nets(int index, int thread);
  void run_delta_item(const RecurrentItem& item, int index, int key_head, const HeadState* from,
                      int depth, int thread);
  void run_delta_heads(const RecurrentItem& item, int begin, int end, int index, int key_head,
                       const HeadState* from, const HeadState& to, int thread);
  HeadState head_state(StateId state, int index) const;
  HeadState branch_state(int depth, int thread) const;
  void save_state(const HeadState& from, StateId to, int index, int key_head) const;
  size_t branch_floats() const;
  void embed(int thread);
  void normalize(const StepRows& rows, const std::vector<float>& weight, bool with_residual,
                 int thread);
  void place_keys(const LayerWeights& layer, int index, int thread);
  void keep_wanted_rows();
  void attend(const StepRows& rows, int layer, int thread);
  // `next`: as AttentionArgs has it.
  void attend_task(const AttentionTask& task, const KvBlock& next, int layer,
                   ThreadBuffers& buffers);
  KvBlock first_kv(const AttentionTask& task, int layer) const;
  void fetch_kv(int layer, int thread) const;  // that of the thread's first task
  void activate(const StepRows& rows, int thread);
  LayerProducts products_of(int index) const;
  int kind_index(int index) const { return kind_index_[static_cast<size_t>(index)]; }
  // The weights that the thread reads first after layer `index`: of the next one, or of the head.
  const std::byte* after_layer(int index, int thread) const;
  // `then`: the weights that this thread reads first in the next phase, to be fetched at the end.
  void multiply(std::span<const MatrixProduct> products, const TokenParts& parts,
                const std::byte* then, int thread);
  // Outputs [16 * from, 16 * to) of the part's rows; `next`: as MatmulArgs has it.
  void multiply_tiles(const MatrixProduct& product, TokenPart part, int from, int to,
                      const std::byte* next, int thread);
  const std::byte* first_tile(std::span<const MatrixProduct> products, const TokenParts& parts,
                              int thread) const;
  void compute_logits(int thread);
  void compute_label_rows(const LogitsRow& row, int index, ThreadBuffers& buffers);
  // Quantized activations of a part's rows; the phases reuse one buffer.
  QuantizedActivations quantized(TokenPart part, int cols) const {
    return activations_in(step_.codes, part, cols);
  }
  // What quantizing lost of the layers' inputs, quantized in turn.
  QuantizedActivations residual(TokenPart part) const {
    return activations_in(step_.residual_codes, part, config_.hidden);
  }
  QuantizedActivations activations_in(std::byte* buffer, TokenPart part, int cols) const {
    return {buffer + QuantizedActivations::bytes(part.first, cols), part.count, cols,
            kernels_.tile_tokens(part.count)};
  }
  void quantize(const float* x, const TokenParts& parts, int cols, int row) const {
    const TokenPart part = parts.part(parts.part_of(row));
    kernels_.quantize(x, quantized(part, cols), row - part.first);
  }
  // Quantizes x [hidden] and then what that lost; overwrites x.
  void quantize_with_residual(float* x, const TokenParts& parts, int row);
  // Calls body(row) for those that are this thread's alone.
  template <typename Body>
  static void for_share(const TokenParts& parts, int thread, Body body) {
    const TokenPart share = parts.share(thread);
    for (int row = share.first; row < share.first + share.count; ++row) body(row);
  }
  // What the groups have taken of the current phase, [groups]; phases are numbered per step.
  std::atomic<int>* phase_counters(int thread);

  ModelConfig config_;
  ModelWeights weights_;
  ModelInfo info_;
  const Kernels& kernels_;
  ThreadPool& pool_;
  TransformerOptions options_;
  KvPool kv_pool_;
  KvMemory kv_memory_;
  StateMemory state_memory_;
  std::vector<int> kind_index_;              // [layers]: a layer's number among those of its kind
  std::vector<float> zero_window_;           // of a sequence that begins
  std::vector<double> inverse_frequencies_;  // [rotary_dim / 2]
  // Grouped-query models: a key or value serves several heads, so its error weighs more, and its
  // matrices are small. Their input is multiplied with 16-bit precision.
  bool precise_kv_;

  StepPlan plan_;  // the step being computed
  StepBuffers step_;
  std::vector<ThreadBuffers> buffers_;
  std::vector<std::atomic<int>> counters_;  // [dynamically shared phases of a step, groups]
  std::vector<int> next_phase_;             // per thread, 16 ints apart
};

}  // namespace qaio
