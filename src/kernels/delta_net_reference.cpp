// The gated delta rule in double precision, as the textbook has it.
#include <cmath>
#include <vector>

#include "kernels/reference.h"

namespace qaio::reference {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// silu(convolution) of one token's channels.
std::vector<double> convolved(const DeltaNetArgs& args, const ConvChannels& part, int token,
                              int channels) {
  std::vector<double> out(static_cast<size_t>(channels));
  for (int c = 0; c < channels; ++c) {
    double sum = 0;
    for (int tap = 0; tap < args.conv_taps; ++tap) {
      const int from = token - args.conv_taps + 1 + tap;
      const float input =
          from >= 0
              ? part.inputs[static_cast<size_t>(from) * args.input_stride + c]
              : part.window[static_cast<size_t>(from + args.conv_taps - 1) * part.window_stride +
                            c];
      sum += static_cast<double>(part.taps[static_cast<size_t>(tap) * args.tap_stride + c]) * input;
    }
    out[static_cast<size_t>(c)] = sum * sigmoid(sum);
  }
  return out;
}

void make_unit(std::vector<double>& x, double scale) {
  double squares = 0;
  for (const double v : x) squares += v * v;
  for (double& v : x) v *= scale / std::sqrt(squares + 1e-6);
}

size_t place(const DeltaNetArgs& args, int key, int column) {
  const int columns = delta_block_columns(args.value_dim);
  return static_cast<size_t>(column / columns) * static_cast<size_t>(args.key_dim * columns) +
         static_cast<size_t>(key * columns + column % columns);
}

void move_window(const DeltaNetArgs& args, const ConvChannels& part, int channels) {
  if (part.window_out == nullptr) return;
  for (int i = 0; i + 1 < args.conv_taps; ++i) {
    const int from = args.tokens - args.conv_taps + 1 + i;
    for (int c = 0; c < channels; ++c) {
      part.window_out[static_cast<size_t>(i) * part.window_out_stride + c] =
          from >= 0
              ? part.inputs[static_cast<size_t>(from) * args.input_stride + c]
              : part.window[static_cast<size_t>(from + args.conv_taps - 1) * part.window_stride +
                            c];
    }
  }
}

}  // namespace

void delta_net(const DeltaNetArgs& args) {
  const int keys = args.key_dim;
  const int values = args.value_dim;
  std::vector<double> state(static_cast<size_t>(keys) * static_cast<size_t>(values), 0.0);
  if (args.state_from != nullptr) state.assign(args.state_from, args.state_from + state.size());
  std::vector<float> y(static_cast<size_t>(values));
  for (int t = 0; t < args.tokens; ++t) {
    std::vector<double> q = convolved(args, args.q, t, keys);
    std::vector<double> k = convolved(args, args.k, t, keys);
    const std::vector<double> v = convolved(args, args.v, t, values);
    make_unit(q, 1 / std::sqrt(keys));
    make_unit(k, 1);
    const size_t row = static_cast<size_t>(t) * args.input_stride;
    const double time = std::log1p(std::exp(static_cast<double>(args.a[row]) + args.time_bias));
    const double decay = std::exp(args.decay_rate * time);
    const double beta = sigmoid(args.b[row]);
    for (int c = 0; c < values; ++c) {
      double read = 0;
      for (int r = 0; r < keys; ++r)
        read += k[static_cast<size_t>(r)] * (state[place(args, r, c)] *= decay);
      const double delta = beta * (v[static_cast<size_t>(c)] - read);
      double o = 0;
      for (int r = 0; r < keys; ++r) {
        state[place(args, r, c)] += k[static_cast<size_t>(r)] * delta;
        o += q[static_cast<size_t>(r)] * state[place(args, r, c)];
      }
      y[static_cast<size_t>(c)] = static_cast<float>(o);
    }
    rms_norm(y.data(), args.norm, args.epsilon, values, y.data());
    for (int c = 0; c < values; ++c) {
      const double z = args.z[row + static_cast<size_t>(c)];
      args.out[static_cast<size_t>(t) * args.out_stride + static_cast<size_t>(c)] =
          static_cast<float>(y[static_cast<size_t>(c)] * z * sigmoid(z));
    }
  }
  for (size_t i = 0; i < state.size(); ++i) args.state_to[i] = static_cast<float>(state[i]);
  move_window(args, args.q, keys);
  move_window(args, args.k, keys);
  move_window(args, args.v, values);
}

void sigmoid_gate(const float* gate, int n, float* x) {
  for (int i = 0; i < n; ++i) x[i] = static_cast<float>(x[i] * sigmoid(gate[i]));
}

}  // namespace qaio::reference
