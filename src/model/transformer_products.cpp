// Matrix products of a step: layer projections and the output head, shared among the threads.
#include <algorithm>

#include "model/transformer.h"

namespace qaio {
namespace {

// The next run of tiles of a phase: [begin, end), empty when all are taken. Runs shrink towards the
// end, so that a thread that was held up does not hold up the others, and are as long as that
// allows, since a run is read at memory speed once its first tile is there.
struct TileRun {
  int begin;
  int end;
};
TileRun next_run(std::atomic<int>& next, int tiles, int threads) {
  int begin = next.load(std::memory_order_relaxed);
  for (;;) {
    const int left = tiles - begin;
    if (left <= 0) return {tiles, tiles};
    const int share = threads == 1 ? left : std::max(4, left / (threads * 2));
    const int end = begin + std::min(share, left);
    if (next.compare_exchange_weak(begin, end, std::memory_order_relaxed)) return {begin, end};
  }
}

}  // namespace

void Transformer::multiply(std::span<const Product> products, int thread) {
  std::atomic<int>& next = phase_counter(thread);
  int tiles = 0;
  for (const Product& p : products) tiles += p.linear->weights.tiles();
  for (TileRun run; (run = next_run(next, tiles, pool_.size())).begin < tiles;) {
    int first = 0;  // of the current product, among all tiles of the phase
    for (const Product& p : products) {
      const PackedView& w = p.linear->weights;
      const int from = std::max(run.begin - first, 0);
      const int to = std::min(run.end - first, w.tiles());
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
  for (TileRun run; (run = next_run(next, tiles, pool_.size())).begin < tiles;) {
    kernels_.matmul({.weights = weights_.head,
                     .quantized = quantized(full, config_.hidden),
                     .floats = normed_,
                     .float_stride = hidden,
                     .tokens = full,
                     .out_rows = logits_out_.data(),
                     .scratch = buffers.scratch},
                    run.begin, run.end);
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
