// Matrix products of a step: layer projections and the output head, shared among the threads.
#include <algorithm>

#include "model/transformer.h"

namespace qaio {
namespace {

// Runs of tiles of a phase, taken by its threads. A thread's first run is known beforehand, so that
// it can be fetched from memory beforehand; the others go to whoever is free. They shrink towards
// the end, so that a thread that was held up does not hold up the others: to a tile, but for few
// tokens, whose tiles take a microsecond or less and come from memory best in a row.
class TileRuns {
 public:
  struct Run {
    int begin;
    int end;
    bool empty() const { return begin == end; }
  };
  TileRuns(int tiles, int tokens, int threads)
      : tiles_(tiles), least_(tokens < kTokensMany ? kTilesOfFew : 1), threads_(threads) {}

  Run first(int thread) const {
    const int share = share_of(tiles_);
    return {std::min(thread * share, tiles_), std::min((thread + 1) * share, tiles_)};
  }
  // The next one; empty when all are taken. `taken` is shared by the threads and 0 at first.
  Run next(std::atomic<int>& taken) const {
    const int given = first(threads_ - 1).end;
    int before = taken.load(std::memory_order_relaxed);
    for (;;) {
      const int begin = given + before;
      const int count = std::min(share_of(tiles_ - begin), tiles_ - begin);
      if (count == 0) return {tiles_, tiles_};
      if (taken.compare_exchange_weak(before, before + count, std::memory_order_relaxed))
        return {begin, begin + count};
    }
  }

 private:
  static constexpr int kTokensMany = 16;
  static constexpr int kTilesOfFew = 4;

  int share_of(int tiles) const {
    return threads_ == 1 ? tiles : std::max(least_, tiles / (threads_ * 2));
  }

  const int tiles_;
  const int least_;
  const int threads_;
};

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

Transformer::LayerProducts Transformer::products_of(const LayerWeights& layer) const {
  const auto q_cols = static_cast<size_t>(config_.q_cols());
  const auto kv_cols = static_cast<size_t>(config_.kv_cols());
  const auto hidden = static_cast<size_t>(config_.hidden);
  const auto intermediate = static_cast<size_t>(config_.intermediate);
  const size_t qkv = q_cols + 2 * kv_cols;
  return {
      .qkv = {{{&layer.q, normed_, hidden, qkv_, qkv, false},
               {&layer.k, normed_, hidden, qkv_ + q_cols, qkv, false, precise_kv_},
               {&layer.v, normed_, hidden, qkv_ + q_cols + kv_cols, qkv, false, precise_kv_}}},
      .output = {{{&layer.output, attended_, q_cols, x_, hidden, true}}},
      .gate_up = {{{&layer.gate, normed_, hidden, gate_up_, 2 * intermediate, false},
                   {&layer.up, normed_, hidden, gate_up_ + intermediate, 2 * intermediate, false}}},
      .down = {{{&layer.down, gate_up_, 2 * intermediate, x_, hidden, true}}}};
}

const std::byte* Transformer::after_layer(int index, int thread) const {
  if (index + 1 < config_.layers) {
    return first_tile(products_of(weights_.layers[static_cast<size_t>(index) + 1]).qkv, thread);
  }
  const PackedView& head = weights_.head;
  const auto rows = static_cast<int>(logits_out_.size());
  const int tile = TileRuns(head.tiles(), rows, pool_.size()).first(thread).begin;
  return head.data + static_cast<size_t>(tile) * tile_bytes(head.layout, head.cols).total();
}

const std::byte* Transformer::first_tile(std::span<const MatrixProduct> products,
                                         int thread) const {
  const TileRuns runs(tiles_of(products), static_cast<int>(tokens_.size()), pool_.size());
  return tile_address(products, runs.first(thread).begin);
}

void Transformer::multiply(std::span<const MatrixProduct> products, const std::byte* then,
                           int thread) {
  std::atomic<int>& taken = phase_counter(thread);
  const TileRuns runs(tiles_of(products), static_cast<int>(tokens_.size()), pool_.size());
  TileRuns::Run run = runs.first(thread);
  while (!run.empty()) {
    const TileRuns::Run after = runs.next(taken);  // taken early, to fetch it
    int first = 0;                                 // of the current product
    for (const MatrixProduct& p : products) {
      const int from = std::max(run.begin - first, 0);
      const int to = std::min(run.end - first, p.linear->weights.tiles());
      first += p.linear->weights.tiles();
      if (from >= to) continue;
      const std::byte* next = run.end > first  ? tile_address(products, first)
                              : !after.empty() ? tile_address(products, after.begin)
                                               : then;
      multiply_tiles(p, from, to, next, thread);
    }
    run = after;
  }
}

void Transformer::multiply_tiles(const MatrixProduct& product, int from, int to,
                                 const std::byte* next, int thread) {
  const Linear& linear = *product.linear;
  MatmulArgs args{.weights = linear.weights,
                  .quantized = quantized(static_cast<int>(tokens_.size()), linear.weights.cols),
                  .floats = product.input,
                  .float_stride = product.input_stride,
                  .tokens = static_cast<int>(tokens_.size()),
                  .bias = linear.bias.empty() ? nullptr : linear.bias.data(),
                  .out = product.out,
                  .out_stride = product.stride,
                  .accumulate = product.accumulate,
                  .scratch = buffers_[static_cast<size_t>(thread)].scratch,
                  .next = next};
  kernels_.matmul(args, from, to);
  if (!product.precise) return;
  args.quantized = residual();
  args.bias = nullptr;
  args.accumulate = true;
  kernels_.matmul(args, from, to);
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
    const int row = full + i;
    compute_label_rows(logits_rows_[static_cast<size_t>(row)], row, buffers);
  });
  if (full == 0) return;
  const size_t bytes = tile_bytes(weights_.head.layout, config_.hidden).total();
  std::atomic<int>& taken = phase_counter(thread);
  const TileRuns runs(weights_.head.tiles(), full, pool_.size());
  TileRuns::Run run = runs.first(thread);
  while (!run.empty()) {
    const TileRuns::Run after = runs.next(taken);
    kernels_.matmul(
        {.weights = weights_.head,
         .quantized = quantized(full, config_.hidden),
         .floats = normed_,
         .float_stride = hidden,
         .tokens = full,
         .out_rows = logits_out_.data(),
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
