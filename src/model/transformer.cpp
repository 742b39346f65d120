#include "model/transformer.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#include "base/memory_limit.h"
#include "kernels/prefetch.h"
#include "model/memory_need.h"
#include "weights/packed.h"

namespace qaio {
namespace {

// Phases of a layer whose work is handed out dynamically: q/k/v, attention or delta networks,
// output, gate/up, down.
constexpr int kLayerPhases = 5;

}  // namespace

Result<std::unique_ptr<Transformer>> Transformer::create(const ModelConfig& config,
                                                         ModelWeights weights, ModelInfo info,
                                                         const Kernels& kernels, ThreadPool& pool,
                                                         const TransformerOptions& options) {
  std::unique_ptr<Transformer> model(
      new Transformer(config, std::move(weights), std::move(info), kernels, pool, options));
  const int blocks = model->kv_pool_.blocks_total();
  const int kv_layers = config.layers_of(LayerKind::kAttention);
  const int states = model->kv_pool_.states_total();
  const WorkingMemory need = {
      .kv_tokens = options.kv_tokens,
      .kv_bytes =
          KvMemory::bytes_of(kv_layers, blocks, config.kv_heads, config.head_dim, options.kv_type),
      .state_bytes = StateMemory::state_bytes(config) * static_cast<size_t>(states),
      .step_bytes = StepBuffers::bytes_of(config, options.step_tokens_max)};
  QAIO_RETURN_IF_ERROR(check_working_memory_fits(need, memory_limit(), anonymous_bytes()));
  model->info_.kv_bytes = need.kv_bytes;
  model->info_.state_bytes = need.state_bytes;
  model->info_.step_bytes = need.step_bytes;
  auto kv =
      KvMemory::allocate(kv_layers, blocks, config.kv_heads, config.head_dim, options.kv_type);
  if (!kv) {
    return refused_memory("KV memory of " + std::to_string(options.kv_tokens) + " tokens",
                          kv.error(), "fewer --kv-tokens, or --kv-type q8");
  }
  model->kv_memory_ = *std::move(kv);
  if (config.recurrent()) {
    auto memory = StateMemory::allocate(config, states);
    if (!memory) {
      return refused_memory(std::to_string(states) + " recurrent states", memory.error(),
                            "a smaller --state-mib");
    }
    model->state_memory_ = *std::move(memory);
  }
  auto step = StepBuffers::allocate(config, options.step_tokens_max);
  if (!step) return refused_memory("a step's buffers", step.error(), "fewer --kv-tokens");
  model->step_ = *std::move(step);
  QAIO_RETURN_IF_ERROR(model->allocate_thread_buffers());
  return model;
}

Transformer::Transformer(const ModelConfig& config, ModelWeights weights, ModelInfo info,
                         const Kernels& kernels, ThreadPool& pool,
                         const TransformerOptions& options)
    : config_(config),
      weights_(std::move(weights)),
      info_(std::move(info)),
      kernels_(kernels),
      pool_(pool),
      options_(options),
      kv_pool_(KvPool::blocks_for(options.kv_tokens),
               StateMemory::states_in(config, options.state_bytes)),
      precise_kv_(config.kv_heads < config.heads),
      plan_(config_, pool.size()),
      buffers_(static_cast<size_t>(pool.size())),
      counters_(static_cast<size_t>(config.layers * kLayerPhases + 1) * buffers_.size()),
      next_phase_(static_cast<size_t>(pool.size()) * 16) {
  for (int i = 0; i < config.rotary_dim / 2; ++i) {
    inverse_frequencies_.push_back(std::pow(config.rope_theta, -2.0 * i / config.rotary_dim));
  }
  std::array<int, 2> of_kind{};
  for (int i = 0; i < config.layers; ++i) {
    kind_index_.push_back(of_kind[static_cast<size_t>(config.kind(i))]++);
    if (config.kind(i) != LayerKind::kAttention) continue;
    const LayerWeights& layer = weights_.layers[static_cast<size_t>(i)];
    for (const Linear* linear : {&layer.q, &layer.k, &layer.v})  // floats need no residual
      precise_kv_ = precise_kv_ && !linear->weights.layout.is_float();
  }
  if (config.recurrent()) zero_window_.resize(config.delta.window_floats(), 0.0F);
}

Result<void> Transformer::allocate_thread_buffers() {
  for (ThreadBuffers& b : buffers_) {
    const size_t bytes = matmul_scratch_bytes(StepBuffers::widest(config_));
    b.scratch_storage.resize(bytes + 64);
    const auto address = reinterpret_cast<uintptr_t>(b.scratch_storage.data());
    b.scratch = b.scratch_storage.data() + (64 - address % 64) % 64;
    const size_t rows =
        AttentionTask::kRows + static_cast<size_t>(config_.heads / config_.kv_heads);
    b.q.resize(rows * static_cast<size_t>(config_.head_dim));
    b.out.resize(b.q.size());
    b.positions.resize(rows);
    b.key_blocks.resize(static_cast<size_t>(kv_pool_.blocks_total()));
    b.value_blocks.resize(b.key_blocks.size());
    if (!config_.recurrent()) continue;
    const size_t floats = delta_net_scratch_floats(config_.delta.key_dim, config_.delta.value_dim) +
                          kBranchDepthMax * branch_floats();
    QAIO_ASSIGN(b.delta, HugeBuffer::allocate(floats * sizeof(float)));
  }
  return {};
}

void Transformer::forward(std::span<ForwardItem> items) {
  plan_.make(items);
  assert(!plan_.tokens().empty() &&
         static_cast<int>(plan_.tokens().size()) <= options_.step_tokens_max);
  for (const ForwardItem& item : items) {
    kv_memory_.in_use(*std::ranges::max_element(item.kv->blocks()));
  }
  for (auto& counter : counters_) counter.store(0, std::memory_order_relaxed);
  std::fill(next_phase_.begin(), next_phase_.end(), 0);
  pool_.run([this](int thread) { run_step(thread); });
  for (ForwardItem& item : items) item.kv->computed(static_cast<int>(item.tokens.size()));
  // Behind the step: logits of weights that changed meanwhile never leave it.
  for (const auto& file : weights_.files) file->end_if_changed();
}

void Transformer::copy_kv(std::span<const KvCopy> copies) {
  if (copies.empty()) return;
  kv_memory_.in_use(std::ranges::max_element(copies, {}, &KvCopy::to)->to);
  std::atomic<int> next = 0;
  pool_.run([&](int) {
    const int layers = config_.layers_of(LayerKind::kAttention);
    for (int layer = next++; layer < layers; layer = next++) {
      for (const KvCopy& copy : copies) kv_memory_.copy(layer, copy.from, copy.to);
    }
  });
}

void Transformer::run_step(int thread) {
  embed(thread);
  pool_.barrier();
  for (int layer = 0; layer < config_.layers; ++layer) run_layer(layer, thread);
  if (!plan_.logits().empty()) compute_logits(thread);
}

void Transformer::run_layer(int index, int thread) {
  const LayerWeights& layer = weights_.layers[static_cast<size_t>(index)];
  const LayerProducts products = products_of(index);
  const bool last = index + 1 == config_.layers;
  const bool attention = config_.kind(index) == LayerKind::kAttention;
  // of the last layer, the others' keys and values are all that is ever read
  const StepRows& rows = plan_.rows(last && attention);
  const int mixed_cols = config_.mixed_cols(config_.kind(index));

  normalize(plan_.all_rows(), layer.attention_norm, attention && precise_kv_, thread);
  pool_.barrier();
  multiply(products.input(), plan_.all_rows().parts,
           first_tile(products.output, rows.parts, thread), thread);
  pool_.barrier();
  if (attention) {
    place_keys(layer, index, thread);
    if (last && plan_.wanted().empty()) return;
    if (last && thread == 0) keep_wanted_rows();
    pool_.barrier();
    attend(rows, index, thread);
  } else {
    run_delta_nets(index, thread);
    if (last && plan_.wanted().empty()) return;
  }
  pool_.barrier();
  for_share(rows.parts, thread, [&](int row) {
    quantize(step_.mixed + static_cast<size_t>(row) * static_cast<size_t>(mixed_cols), rows.parts,
             mixed_cols, row);
  });
  pool_.barrier();
  multiply(products.output, rows.parts, first_tile(products.gate_up, rows.parts, thread), thread);
  pool_.barrier();
  normalize(rows, layer.ffn_norm, false, thread);
  pool_.barrier();
  multiply(products.gate_up, rows.parts, first_tile(products.down, rows.parts, thread), thread);
  pool_.barrier();
  activate(rows, thread);
  pool_.barrier();
  multiply(products.down, rows.parts, after_layer(index, thread), thread);
  pool_.barrier();
  if (last && !attention) {
    if (thread == 0) keep_wanted_rows();
    pool_.barrier();
  }
}

std::atomic<int>* Transformer::phase_counters(int thread) {
  const auto phase = static_cast<size_t>(next_phase_[static_cast<size_t>(thread) * 16]++);
  return &counters_[phase * static_cast<size_t>(pool_.size())];
}

// The last layer's residual stream, moved to the front.
void Transformer::keep_wanted_rows() {
  const auto hidden = static_cast<size_t>(config_.hidden);
  for (size_t row = 0; row < plan_.wanted().size(); ++row) {
    const auto token = static_cast<size_t>(plan_.wanted()[row]);
    if (token != row)
      std::memcpy(step_.residual + row * hidden, step_.residual + token * hidden,
                  hidden * sizeof(float));
  }
}

void Transformer::embed(int thread) {
  const int half = config_.rotary_dim / 2;
  for_share(plan_.all_rows().parts, thread, [&](int token) {
    const StepToken& place = plan_.token(token);
    unpack_row(weights_.embedding, place.id,
               step_.residual + static_cast<size_t>(token) * static_cast<size_t>(config_.hidden));
    for (int i = 0; i < half; ++i) {
      const double angle = place.position * inverse_frequencies_[static_cast<size_t>(i)];
      step_.cos[token * half + i] = static_cast<float>(std::cos(angle));
      step_.sin[token * half + i] = static_cast<float>(std::sin(angle));
    }
  });
}

void Transformer::quantize_with_residual(float* x, const TokenParts& parts, int row) {
  const TokenPart part = parts.part(parts.part_of(row));
  const QuantizedActivations all = quantized(part, config_.hidden);
  kernels_.quantize(x, all, row - part.first);
  const ActivationPlace place = activation_place(all, row - part.first);
  for (int g = 0; g < config_.hidden / kGroupCols; ++g) {
    const ActivationFields first = place.fields(g);
    for (int k = 0; k < kGroupCols; ++k) {
      x[g * kGroupCols + k] -= static_cast<float>(first.codes[k]) * *first.scale;
    }
  }
  kernels_.quantize(x, residual(part), row - part.first);
}

void Transformer::normalize(const StepRows& rows, const std::vector<float>& weight,
                            bool with_residual, int thread) {
  for_share(rows.parts, thread, [&](int row) {
    const auto at = static_cast<size_t>(row) * static_cast<size_t>(config_.hidden);
    kernels_.rms_norm(step_.residual + at, weight.data(), config_.rms_epsilon, config_.hidden,
                      step_.normed + at);
    if (with_residual) {
      quantize_with_residual(step_.normed + at, rows.parts, row);
    } else {
      quantize(step_.normed + at, rows.parts, config_.hidden, row);
    }
  });
}

void Transformer::place_keys(const LayerWeights& layer, int index, int thread) {
  const int head_dim = config_.head_dim;
  const int query_rows = config_.query_rows();
  const int query_stride = query_rows / config_.heads;
  const int kv_cols = config_.kv_cols();
  const int kv_layer = kind_index(index);
  const auto row_of = [&](int token) {
    return step_.projected +
           static_cast<size_t>(token) * static_cast<size_t>(query_rows + 2 * kv_cols);
  };
  fetch_kv(index, thread);
  for_share(plan_.all_rows().parts, thread, [&](int token) {
    const auto half = static_cast<size_t>(config_.rotary_dim) / 2;
    const float* cos = step_.cos + static_cast<size_t>(token) * half;
    const float* sin = step_.sin + static_cast<size_t>(token) * half;
    const auto turn = [&](float* x, const std::vector<float>& norm) {
      if (!norm.empty()) kernels_.rms_norm(x, norm.data(), config_.rms_epsilon, head_dim, x);
      kernels_.rotate(x, cos, sin, config_.rotary_dim);
    };
    for (int head = 0; head < config_.heads; ++head)
      turn(row_of(token) + head * query_stride, layer.q_norm);
    for (int head = 0; head < config_.kv_heads; ++head)
      turn(row_of(token) + query_rows + head * head_dim, layer.k_norm);
  });
  // Head by head, as a position's keys lie in as many cache lines as it has elements, each shared
  // by the 32 positions of a block; from a head of its own on, as these may be of two threads.
  for (int i = 0; i < config_.kv_heads; ++i) {
    const int head = (i + thread * config_.kv_heads / pool_.size()) % config_.kv_heads;
    for_share(plan_.all_rows().parts, thread, [&](int token) {
      const StepToken& place = plan_.token(token);
      const float* key = row_of(token) + query_rows + head * head_dim;
      const auto store = [&](const KvSequence& kv) {
        const BlockId block = kv.blocks()[static_cast<size_t>(place.position / kKvBlockTokens)];
        kernels_.store_kv(key, key + kv_cols, head_dim, place.position % kKvBlockTokens,
                          options_.kv_type, kv_memory_.keys(kv_layer, block, head),
                          kv_memory_.values(kv_layer, block, head));
      };
      store(*place.item->kv);
      for (const KvBranch& branch : place.item->branches) {
        if (place.position < branch.end) store(*branch.kv);
      }
    });
  }
}

void Transformer::attend(const StepRows& rows, int layer, int thread) {
  std::atomic<int>* taken = phase_counters(thread);
  ThreadBuffers& buffers = buffers_[static_cast<size_t>(thread)];
  const AttentionTask* task = rows.first_task(thread);
  if (task == nullptr) task = rows.next_task(thread, pool_.size(), taken);
  while (task != nullptr) {
    // taken early, to fetch it
    const AttentionTask* after = rows.next_task(thread, pool_.size(), taken);
    attend_task(*task, after != nullptr ? first_kv(*after, layer) : KvBlock{}, layer, buffers);
    task = after;
  }
}

KvBlock Transformer::first_kv(const AttentionTask& task, int layer) const {
  const BlockId block = plan_.token(task.first_token).item->kv->blocks()[0];
  return {kv_memory_.keys(kind_index(layer), block, task.kv_head),
          kv_memory_.values(kind_index(layer), block, task.kv_head)};
}

void Transformer::fetch_kv(int layer, int thread) const {
  const bool last = layer + 1 == config_.layers;
  const AttentionTask* task = plan_.rows(last).first_task(thread);
  if (task == nullptr) return;
  const KvBlock first = first_kv(*task, layer);
  const size_t bytes = kv_block_bytes(options_.kv_type, config_.head_dim);
  for (size_t byte = 0; byte < bytes; byte += 64) {
    prefetch_l2(first.keys + byte);
    prefetch_l2(first.values + byte);
  }
}

void Transformer::attend_task(const AttentionTask& task, const KvBlock& next, int layer,
                              ThreadBuffers& b) {
  const int head_dim = config_.head_dim;
  const int group = config_.heads / config_.kv_heads;
  const int query_stride = config_.query_rows() / config_.heads;
  const auto stride = static_cast<size_t>(config_.projected_cols(LayerKind::kAttention));
  const auto query = [&](int token, int head) {  // of the step
    return step_.projected + static_cast<size_t>(token) * stride + head * query_stride;
  };
  const size_t head_bytes = static_cast<size_t>(head_dim) * sizeof(float);
  int rows = 0;
  for (int t = 0; t < task.tokens; ++t) {
    const int token = task.first_token + t;
    for (int g = 0; g < group; ++g, ++rows) {
      std::memcpy(b.q.data() + static_cast<size_t>(rows) * static_cast<size_t>(head_dim),
                  query(token, task.kv_head * group + g), head_bytes);
      b.positions[static_cast<size_t>(rows)] = plan_.token(token).position;
    }
  }
  const KvSequence& kv = *plan_.token(task.first_token).item->kv;
  const int last = b.positions[static_cast<size_t>(rows - 1)];
  for (int block = 0; block <= last / kKvBlockTokens; ++block) {
    const auto at = static_cast<size_t>(block);
    b.key_blocks[at] = kv_memory_.keys(kind_index(layer), kv.blocks()[at], task.kv_head);
    b.value_blocks[at] = kv_memory_.values(kind_index(layer), kv.blocks()[at], task.kv_head);
  }
  kernels_.attention({.q = b.q.data(),
                      .q_stride = static_cast<size_t>(head_dim),
                      .out = b.out.data(),
                      .out_stride = static_cast<size_t>(head_dim),
                      .positions = b.positions.data(),
                      .rows = rows,
                      .head_dim = head_dim,
                      .scale = 1.0F / std::sqrt(static_cast<float>(head_dim)),
                      .kv_type = options_.kv_type,
                      .key_blocks = b.key_blocks.data(),
                      .value_blocks = b.value_blocks.data(),
                      .next = next});
  for (int t = 0, row = 0; t < task.tokens; ++t) {
    for (int g = 0; g < group; ++g, ++row) {
      const int head = task.kv_head * group + g;
      float* out = step_.mixed +
                   static_cast<size_t>(task.first_row + t) * static_cast<size_t>(config_.q_cols()) +
                   head * head_dim;
      std::memcpy(out, b.out.data() + static_cast<size_t>(row) * static_cast<size_t>(head_dim),
                  head_bytes);
      if (config_.gated_attention())
        kernels_.sigmoid_gate(query(task.first_token + t, head) + head_dim, head_dim, out);
    }
  }
}

void Transformer::activate(const StepRows& rows, int thread) {
  const auto width = static_cast<size_t>(config_.intermediate);
  for_share(rows.parts, thread, [&](int row) {
    float* gate = step_.gate_up + static_cast<size_t>(row) * 2 * width;
    kernels_.swiglu(gate, gate + width, config_.intermediate, gate);
    quantize(gate, rows.parts, config_.intermediate, row);
  });
}

}  // namespace qaio
