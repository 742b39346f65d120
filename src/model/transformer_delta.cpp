// The gated delta networks of a step. A thread takes a key head of an item with the value heads
// that read it, and carries them through all of the item's tokens: convolution, recurrence, gated
// norm. A head's matrix stays in its cache meanwhile, and what others branch off is at hand.
#include <algorithm>
#include <cassert>
#include <cstring>

#include "model/transformer.h"

namespace qaio {

// Of a key head alone: windows of q, k and its value heads, then their matrices.
size_t Transformer::branch_floats() const {
  const DeltaNetConfig& d = config_.delta;
  const auto heads = static_cast<size_t>(d.group());
  const auto channels =
      2 * static_cast<size_t>(d.key_dim) + heads * static_cast<size_t>(d.value_dim);
  return static_cast<size_t>(d.conv_taps - 1) * channels +
         heads * static_cast<size_t>(d.key_dim) * static_cast<size_t>(d.value_dim);
}

Transformer::HeadState Transformer::head_state(StateId state, int index) const {
  const LayerState layer = state_memory_.layer(state, kind_index(index));
  return {.window = layer.window, .matrices = layer.matrices, .compact = false};
}

// Of the branch at `depth`, 1 for one that branches off none.
Transformer::HeadState Transformer::branch_state(int depth, int thread) const {
  assert(depth >= 1 && depth <= kBranchDepthMax);
  const DeltaNetConfig& d = config_.delta;
  const float* memory =
      reinterpret_cast<const float*>(buffers_[static_cast<size_t>(thread)].delta.data()) +
      delta_net_scratch_floats(d.key_dim, d.value_dim) +
      static_cast<size_t>(depth - 1) * branch_floats();
  const size_t heads = static_cast<size_t>(d.group());
  const size_t matrices = heads * static_cast<size_t>(d.key_dim) * static_cast<size_t>(d.value_dim);
  return {.window = memory + matrices, .matrices = memory, .compact = true};
}

void Transformer::run_delta_nets(int index, int thread) {
  std::atomic<int>& taken = phase_counters(thread)[0];
  const int heads = config_.delta.key_heads;
  const int tasks = static_cast<int>(plan_.recurrent_roots().size()) * heads;
  const int threads = pool_.size();
  for (int task = thread; task < tasks;
       task = threads + taken.fetch_add(1, std::memory_order_relaxed)) {
    const int root = plan_.recurrent_roots()[static_cast<size_t>(task / heads)];
    const RecurrentItem& item = plan_.recurrent(root);
    const StateId before = item.item->kv->state_before();
    const HeadState from = before == kNoState ? HeadState{} : head_state(before, index);
    run_delta_item(item, index, task % heads, before == kNoState ? nullptr : &from, 1, thread);
  }
}

// `from`: null for zeros.
void Transformer::run_delta_item(const RecurrentItem& item, int index, int key_head,
                                 const HeadState* from, int depth, int thread) {
  const StateId state = item.item->kv->state();
  const HeadState own = state == kNoState ? branch_state(depth, thread) : head_state(state, index);
  int done = 0;
  const auto run_to = [&](int tokens) {
    if (tokens == done) return;
    run_delta_heads(item, done, tokens, index, key_head, from, own, thread);
    from = &own;
    done = tokens;
  };
  for (const RecurrentItem::Stop& stop : item.stops) {
    run_to(stop.tokens);
    if (stop.branch >= 0) {
      run_delta_item(plan_.recurrent(stop.branch), index, key_head, from, depth + 1, thread);
    } else {
      save_state(*from, stop.save, index, key_head);
    }
  }
  run_to(static_cast<int>(item.item->tokens.size()));
}

// Tokens [begin, end) of the item.
void Transformer::run_delta_heads(const RecurrentItem& item, int begin, int end, int index,
                                  int key_head, const HeadState* from, const HeadState& to,
                                  int thread) {
  const DeltaNetConfig& d = config_.delta;
  const DeltaNetWeights& weights = weights_.layers[static_cast<size_t>(index)].delta;
  const auto row = static_cast<size_t>(item.first_token + begin);
  const auto stride = static_cast<size_t>(config_.projected_cols(LayerKind::kDeltaNet));
  const float* inputs = step_.projected + row * stride;
  const int channels = d.conv_channels();
  const int group = d.group();
  const size_t matrix = static_cast<size_t>(d.key_dim) * static_cast<size_t>(d.value_dim);
  const int compact_channels = 2 * d.key_dim + group * d.value_dim;
  const auto window_stride = [&](const HeadState& state) {
    return static_cast<size_t>(state.compact ? compact_channels : channels);
  };
  // `channel` of the layer, `compact` of the head alone.
  const auto part = [&](int channel, int compact, bool moves) {
    ConvChannels out{.inputs = inputs + channel, .taps = weights.conv.data() + channel};
    if (from == nullptr) {
      out.window = zero_window_.data() + channel;
      out.window_stride = static_cast<size_t>(channels);
    } else {
      out.window = from->window + (from->compact ? compact : channel);
      out.window_stride = window_stride(*from);
    }
    if (moves) out.window_out = const_cast<float*>(to.window) + (to.compact ? compact : channel);
    out.window_out_stride = window_stride(to);
    return out;
  };
  for (int i = 0; i < group; ++i) {
    const int head = d.value_head_of(key_head, i);
    const bool last = i + 1 == group;  // until then q and k of the others need what was before
    const auto matrix_of = [&](const HeadState& state) {
      return state.matrices + static_cast<size_t>(state.compact ? i : head) * matrix;
    };
    kernels_.delta_net(
        {.tokens = end - begin,
         .key_dim = d.key_dim,
         .value_dim = d.value_dim,
         .conv_taps = d.conv_taps,
         .input_stride = stride,
         .tap_stride = static_cast<size_t>(channels),
         .q = part(key_head * d.key_dim, 0, last),
         .k = part(d.key_cols() + key_head * d.key_dim, d.key_dim, last),
         .v = part(2 * d.key_cols() + head * d.value_dim, 2 * d.key_dim + i * d.value_dim, true),
         .z = inputs + channels + head * d.value_dim,
         .a = inputs + channels + d.value_cols() + head,
         .b = inputs + channels + d.value_cols() + d.value_heads + head,
         .decay_rate = weights.decay_rate[static_cast<size_t>(head)],
         .time_bias = weights.time_bias[static_cast<size_t>(head)],
         .norm = weights.norm.data(),
         .epsilon = config_.rms_epsilon,
         .state_from = from == nullptr ? nullptr : matrix_of(*from),
         .state_to = const_cast<float*>(matrix_of(to)),
         .out = step_.mixed + row * static_cast<size_t>(d.value_cols()) + head * d.value_dim,
         .out_stride = static_cast<size_t>(d.value_cols()),
         .scratch = reinterpret_cast<float*>(buffers_[static_cast<size_t>(thread)].delta.data())});
  }
}

// The key head's part of a layer's state.
void Transformer::save_state(const HeadState& from, StateId to, int index, int key_head) const {
  const DeltaNetConfig& d = config_.delta;
  const LayerState layer = state_memory_.layer(to, kind_index(index));
  const int group = d.group();
  const int channels = d.conv_channels();
  const int from_channels = from.compact ? 2 * d.key_dim + group * d.value_dim : channels;
  // `channel` of the layer, `compact` of the head alone.
  const auto copy_channels = [&](int channel, int compact, int count) {
    for (int tap = 0; tap + 1 < d.conv_taps; ++tap) {
      const float* source = from.window + tap * from_channels + (from.compact ? compact : channel);
      std::memcpy(layer.window + tap * channels + channel, source,
                  static_cast<size_t>(count) * sizeof(float));
    }
  };
  copy_channels(key_head * d.key_dim, 0, d.key_dim);
  copy_channels(d.key_cols() + key_head * d.key_dim, d.key_dim, d.key_dim);
  const size_t matrix = static_cast<size_t>(d.key_dim) * static_cast<size_t>(d.value_dim);
  for (int i = 0; i < group; ++i) {
    const int head = d.value_head_of(key_head, i);
    copy_channels(2 * d.key_cols() + head * d.value_dim, 2 * d.key_dim + i * d.value_dim,
                  d.value_dim);
    std::memcpy(layer.matrices + static_cast<size_t>(head) * matrix,
                from.matrices + static_cast<size_t>(from.compact ? i : head) * matrix,
                matrix * sizeof(float));
  }
}

}  // namespace qaio
