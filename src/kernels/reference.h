// The kernels' specification: plain loops, no SIMD wrapper. Tests hold every ISA against it.
#pragma once

#include <span>
#include <vector>

#include "kernels/kernels.h"

namespace qaio::reference {

// Unsigned code of one weight of an integer layout.
int code_at(const PackedView& weights, int row, int col);
// Scale and minimum of the group that holds (row, col).
struct Scale {
  float scale;
  float min;  // 0 without minimum
};
Scale scale_at(const PackedView& weights, int row, int col);
// The value of one weight, of any layout.
float weight_at(const PackedView& weights, int row, int col);

// Writers for tests: the inverse of code_at.
void set_code(const PackedLayout& layout, int cols, std::byte* data, int row, int col, int code);

// Bit-exact: every ISA must give exactly these outputs.
void matmul(const MatmulArgs& args);
void quantize(const float* x, const QuantizedActivations& out, int token);

// In double precision, as the textbook has it; ISAs agree within derived tolerances.
void rms_norm(const float* x, const float* weight, float epsilon, int n, float* out);
void swiglu(const float* gate, const float* up, int n, float* out);
float exponentials(const float* x, float max, float scale, int n, float* out);
void attention(const AttentionArgs& args);
void delta_net(const DeltaNetArgs& args);
void sigmoid_gate(const float* gate, int n, float* x);

}  // namespace qaio::reference
