// Tensors of a file that the network has no place for.
#pragma once

#include <string>
#include <unordered_set>

#include "base/result.h"
#include "model/config.h"
#include "model/weights.h"
#include "weights/tensor_table.h"

namespace qaio {

// kUnsupported, naming them, for tensors that are not in `used`: whoever put them there meant them
// to change what the model says. Those that change nothing are passed over: copies of computed
// tables, and what belongs to images, sound or the prediction of several tokens at once.
Result<void> refuse_unused_tensors(const TensorTable& tensors,
                                   const std::unordered_set<std::string>& used, TensorNaming naming,
                                   const ModelConfig& config);

}  // namespace qaio
