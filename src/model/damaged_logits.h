// What is said where a model computes NaN or infinity. Loading refuses weights that are not finite;
// a packed file damaged later, or weights so large that sums overflow, show here.
#pragma once

namespace qaio {

inline constexpr const char* kDamagedLogits =
    "the model computes logits that are not finite: its weights are damaged";

}  // namespace qaio
