// Matrix products of a step: layer projections and the output head, shared among the threads.
#include <algorithm>

#include "model/tile_runs.h"
#include "model/transformer.h"

namespace qaio {
namespace {

// Tile `index` of all tiles of a phase.
const std::byte* tile_address(std::span<const MatrixProduct> products, int index) {
  for (const MatrixProduct& p : products) {
    const PackedView& w = p.linear->weights;
    if (index < w.tiles())
      return w.data + static_cast<size_t>(index) * tile_bytes(w.layout, w.cols).total();
    index -= w.tiles();
  }
  return nullptr;
}

int tiles_of(std::span<const MatrixProduct> products) {
  int tiles = 0;
  for (const MatrixProduct& p : products) tiles += p.linear->weights.tiles();
  return tiles;
}

}  // namespace

Transformer::LayerProducts Transformer::products_of(int index) const {
  const LayerWeights& layer = weights_.layers[static_cast<size_t>(index)];
  const LayerKind kind = config_.kind(index);
  const auto hidden = static_cast<size_t>(config_.hidden);
  const auto intermediate = static_cast<size_t>(config_.intermediate);
  const auto projected = static_cast<size_t>(config_.projected_cols(kind));
  const auto mixed = static_cast<size_t>(config_.mixed_cols(kind));
  LayerProducts products{
      .projections = {},
      .projection_count = 0,
      .output = {{{&layer.output, step_.mixed, mixed, step_.residual, hidden, true}}},
      .gate_up = {{{&layer.gate, step_.normed, hidden, step_.gate_up, 2 * intermediate, false},
                   {&layer.up, step_.normed, hidden, step_.gate_up + intermediate, 2 * intermediate,
                    false}}},
      .down = {{{&layer.down, step_.gate_up, 2 * intermediate, step_.residual, hidden, true}}}};
  float* out = step_.projected;
  const auto add = [&](const Linear& linear, bool precise) {
    products.projections[products.projection_count++] = {&linear,   step_.normed, hidden, out,
                                                         projected, false,        precise};
    out += linear.weights.rows;
  };
  if (kind == LayerKind::kAttention) {
    add(layer.q, false);
    add(layer.k, precise_kv_);
    add(layer.v, precise_kv_);
  } else {
    for (const Linear* linear : {&layer.delta.qkv, &layer.delta.z, &layer.delta.a, &layer.delta.b})
      add(*linear, false);
  }
  return products;
}

const std::byte* Transformer::after_layer(int index, int thread) const {
  if (index + 1 < config_.layers) {
    return first_tile(products_of(index + 1).input(), plan_.all_rows().parts, thread);
  }
  const PackedView& head = weights_.head;
  const TokenParts parts(static_cast<int>(plan_.full_logits().size()), pool_.size());
  const int tile = TileRuns(head.tiles(), parts, pool_.size()).first(thread).begin;
  return head.data + static_cast<size_t>(tile) * tile_bytes(head.layout, head.cols).total();
}

const std::byte* Transformer::first_tile(std::span<const MatrixProduct> products,
                                         const TokenParts& parts, int thread) const {
  const TileRuns runs(tiles_of(products), parts, pool_.size());
  return tile_address(products, runs.first(thread).begin);
}

void Transformer::multiply(std::span<const MatrixProduct> products, const TokenParts& parts,
                           const std::byte* then, int thread) {
  std::atomic<int>* taken = phase_counters(thread);
  const TileRuns runs(tiles_of(products), parts, pool_.size());
  TileRuns::Run run = runs.first(thread);
  if (run.empty()) run = runs.next(thread, taken);
  while (!run.empty()) {
    const TileRuns::Run after = runs.next(thread, taken);  // taken early, to fetch it
    int first = 0;                                         // of the current product
    for (const MatrixProduct& p : products) {
      const int from = std::max(run.begin - first, 0);
      const int to = std::min(run.end - first, p.linear->weights.tiles());
      first += p.linear->weights.tiles();
      if (from >= to) continue;
      const std::byte* next = run.end > first  ? tile_address(products, first)
                              : !after.empty() ? tile_address(products, after.begin)
                                               : then;
      multiply_tiles(p, parts.part(run.part), from, to, next, thread);
    }
    run = after;
  }
}

void Transformer::multiply_tiles(const MatrixProduct& product, TokenPart part, int from, int to,
                                 const std::byte* next, int thread) {
  const Linear& linear = *product.linear;
  const auto first = static_cast<size_t>(part.first);
  MatmulArgs args{.weights = linear.weights,
                  .quantized = quantized(part, linear.weights.cols),
                  .floats = product.input + first * product.input_stride,
                  .float_stride = product.input_stride,
                  .tokens = part.count,
                  .bias = linear.bias.empty() ? nullptr : linear.bias.data(),
                  .out = product.out + first * product.stride,
                  .out_stride = product.stride,
                  .accumulate = product.accumulate,
                  .scratch = buffers_[static_cast<size_t>(thread)].scratch,
                  .next = next};
  kernels_.matmul(args, from, to);
  if (!product.precise) return;
  args.quantized = residual(part);
  args.bias = nullptr;
  args.accumulate = true;
  kernels_.matmul(args, from, to);
}

void Transformer::compute_logits(int thread) {
  const int count = static_cast<int>(plan_.logits().size());
  const int full = static_cast<int>(plan_.full_logits().size());
  const TokenParts parts(full, pool_.size());
  // the wanted rows, those of the whole vocabulary first: step_.normed and step_.codes are free now
  const auto hidden = static_cast<size_t>(config_.hidden);
  for_share(TokenParts(count, pool_.size()), thread, [&](int i) {
    const auto from = static_cast<size_t>(plan_.logits()[static_cast<size_t>(i)].row) * hidden;
    float* to = step_.normed + static_cast<size_t>(i) * hidden;
    kernels_.rms_norm(step_.residual + from, weights_.final_norm.data(), config_.rms_epsilon,
                      config_.hidden, to);
    if (i < full) {
      quantize(to, parts, config_.hidden, i);
    } else {
      kernels_.quantize(to, quantized({i, 1}, config_.hidden), 0);
    }
  });
  pool_.barrier();
  ThreadBuffers& buffers = buffers_[static_cast<size_t>(thread)];
  for_share(TokenParts(count - full, pool_.size()), thread, [&](int i) {
    const int row = full + i;
    compute_label_rows(plan_.logits()[static_cast<size_t>(row)], row, buffers);
  });
  if (full == 0) return;
  const size_t bytes = tile_bytes(weights_.head.layout, config_.hidden).total();
  std::atomic<int>* taken = phase_counters(thread);
  const TileRuns runs(weights_.head.tiles(), parts, pool_.size());
  TileRuns::Run run = runs.first(thread);
  if (run.empty()) run = runs.next(thread, taken);
  while (!run.empty()) {
    const TileRuns::Run after = runs.next(thread, taken);
    const TokenPart part = parts.part(run.part);
    kernels_.matmul(
        {.weights = weights_.head,
         .quantized = quantized(part, config_.hidden),
         .floats = step_.normed + static_cast<size_t>(part.first) * hidden,
         .float_stride = hidden,
         .tokens = part.count,
         .out_rows = plan_.full_logits().data() + part.first,
         .scratch = buffers.scratch,
         .next = after.empty() ? nullptr
                               : weights_.head.data + static_cast<size_t>(after.begin) * bytes},
        run.begin, run.end);
    run = after;
  }
}

// Only the tiles that hold the wanted rows of the head are read.
void Transformer::compute_label_rows(const LogitsRow& row, int index, ThreadBuffers& buffers) {
  const size_t bytes = tile_bytes(weights_.head.layout, config_.hidden).total();
  for (size_t i = 0; i < row.rows.size(); ++i) {
    const int tile = row.rows[i] / kTileRows;
    float lanes[kTileRows] = {};
    PackedView one = weights_.head;
    one.data += static_cast<size_t>(tile) * bytes;
    one.rows = std::min(kTileRows, config_.vocab - tile * kTileRows);
    kernels_.matmul(
        {.weights = one,
         .quantized = quantized({index, 1}, config_.hidden),
         .floats = step_.normed + static_cast<size_t>(index) * static_cast<size_t>(config_.hidden),
         .float_stride = static_cast<size_t>(config_.hidden),
         .tokens = 1,
         .out = lanes,
         .out_stride = kTileRows,
         .scratch = buffers.scratch},
        0, 1);
    row.out[i] = lanes[row.rows[i] % kTileRows];
  }
}

}  // namespace qaio
