// Matrix products of a step: layer projections and the output head, shared among the threads.
#include <algorithm>

#include "model/transformer.h"

namespace qaio {
namespace {

// Tiles a thread takes at a time: about eight turns per thread, so that a thread that was held up
// does not hold up the others; whole pairs, as the panel kernel takes two; at least 4 tiles, since
// a one-token product reads memory fastest in long runs.
int tiles_per_turn(int tiles, int threads) {
  if (threads == 1) return tiles;
  return std::max(4, tiles / (threads * 8) / 2 * 2);
}

}  // namespace

void Transformer::multiply(std::span<const Product> products, int thread) {
  std::atomic<int>& next = phase_counter(thread);
  int tiles = 0;
  for (const Product& p : products) tiles += p.linear->weights.tiles();
  const int turn = tiles_per_turn(tiles, pool_.size());
  for (int begin; (begin = next.fetch_add(turn, std::memory_order_relaxed)) < tiles;) {
    const int end = std::min(begin + turn, tiles);
    int first = 0;  // of the current product, among all tiles of the phase
    for (const Product& p : products) {
      const PackedView& w = p.linear->weights;
      const int from = std::max(begin - first, 0);
      const int to = std::min(end - first, w.tiles());
      first += w.tiles();
      if (from >= to) continue;
      MatmulArgs args{.weights = w,
                      .quantized = quantized(static_cast<int>(tokens_.size()), w.cols),
                      .floats = p.input,
                      .float_stride = p.input_stride,
                      .tokens = static_cast<int>(tokens_.size()),
                      .bias = p.linear->bias.empty() ? nullptr : p.linear->bias.data(),
                      .out = p.out,
                      .out_stride = p.stride,
                      .accumulate = p.accumulate,
                      .scratch = buffers_[static_cast<size_t>(thread)].scratch};
      kernels_.matmul(args, from, to);
      if (!p.precise) continue;
      args.quantized = residual();
      args.bias = nullptr;
      args.accumulate = true;
      kernels_.matmul(args, from, to);
    }
  }
}

void Transformer::compute_logits(int thread) {
  const int full = static_cast<int>(logits_out_.size());
  // the wanted rows, packed densely: normed_ and codes_ are free after the last layer
  const auto hidden = static_cast<size_t>(config_.hidden);
  for_share(static_cast<int>(logits_rows_.size()), thread, [&](int i) {
    const auto from = static_cast<size_t>(logits_rows_[static_cast<size_t>(i)].token) * hidden;
    float* to = normed_ + static_cast<size_t>(i) * hidden;
    kernels_.rms_norm(x_ + from, weights_.final_norm.data(), config_.rms_epsilon, config_.hidden,
                      to);
    kernels_.quantize(to, i < full ? quantized(full, config_.hidden) : one_row(i),
                      i < full ? i : 0);
  });
  pool_.barrier();
  ThreadBuffers& buffers = buffers_[static_cast<size_t>(thread)];
  for_share(static_cast<int>(logits_rows_.size()) - full, thread, [&](int i) {
    compute_label_rows(logits_rows_[static_cast<size_t>(full + i)], full + i, buffers);
  });
  if (full == 0) return;
  std::atomic<int>& next = phase_counter(thread);
  const int tiles = weights_.head.tiles();
  const int turn = tiles_per_turn(tiles, pool_.size());
  for (int begin; (begin = next.fetch_add(turn, std::memory_order_relaxed)) < tiles;) {
    kernels_.matmul({.weights = weights_.head,
                     .quantized = quantized(full, config_.hidden),
                     .floats = normed_,
                     .float_stride = hidden,
                     .tokens = full,
                     .out_rows = logits_out_.data(),
                     .scratch = buffers.scratch},
                    begin, std::min(begin + turn, tiles));
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
         .quantized = one_row(index),
         .floats = normed_ + static_cast<size_t>(index) * static_cast<size_t>(config_.hidden),
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
