// A loaded Qwen model: one batched forward pass over token ranges of several sequences.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/token.h"
#include "model/kv_cache.h"

namespace qaio {

struct ModelInfo {
  std::string name;          // file or folder name, "demo" for the embedded model
  std::string architecture;  // "qwen2", "qwen3", "qwen35"
  std::string weight_type;   // e.g. "Q8_0", "BF16"; mixed files: the most frequent by bytes
  uint64_t parameters = 0;
  uint64_t file_bytes = 0;
  uint64_t packed_bytes = 0;     // weights as held in memory
  uint64_t kv_bytes = 0;         // of KV memory, which is filled as it is used
  uint64_t state_bytes = 0;      // of recurrent states, likewise; 0: it has no such layers
  uint64_t step_bytes = 0;       // of a step's buffers
  uint64_t bytes_per_token = 0;  // weight bytes one generated token reads
  uint64_t layer_weights = 0;    // weights of the layers' matrices; a token multiplies each once
  int layers = 0;
  int hidden = 0;
  int vocab = 0;
  int context_max = 0;  // positions the model was trained for
};

// Which positions of an item want logits.
enum class LogitsAt : uint8_t { kNone, kLast, kAll };

// Branches of branches of a step, in models with recurrent layers.
inline constexpr int kBranchDepthMax = 16;

// A sequence that branches off behind positions which an item of the same step computes.
struct KvBranch {
  KvSequence* kv = nullptr;  // has blocks for them
  int end = 0;               // it holds the item's positions before this one as well
};

// A copy of a sequence's recurrent state on the way.
struct StateSave {
  int end = 0;  // behind the positions [0, end), of which the item computes the last one
  StateId to = kNoState;
};

// One sequence's token range in a step.
struct ForwardItem {
  // Holds positions [0, kv->length()); the pass appends tokens.size() positions, for which the
  // caller has reserved blocks, and advances length().
  KvSequence* kv = nullptr;
  std::span<const TokenId> tokens;  // at least one, each in [0, vocab)
  LogitsAt logits_at = LogitsAt::kNone;
  std::span<const TokenId> logit_rows = {};  // vocabulary rows wanted; empty: all
  std::span<float> logits = {};              // out: [positions, logit_rows or vocab] f32, row-major
  // Those of later items whose positions before kv->length() this item computes in part.
  std::span<const KvBranch> branches = {};
  std::span<const StateSave> saves = {};  // in order of position; of models with recurrent layers
};

// A block to be made the same as another.
struct KvCopy {
  BlockId from = 0;
  BlockId to = 0;  // only one sequence holds it
};

// The engine's view of a model; tests implement it with a fake.
class Model {
 public:
  virtual ~Model() = default;
  virtual const ModelInfo& info() const = 0;
  // Sum of tokens over all items must be in [1, step_tokens_max()]; a sequence appears once.
  // One thread at a time. Cannot fail: everything was validated and allocated before.
  virtual void forward(std::span<ForwardItem> items) = 0;
  virtual int step_tokens_max() const = 0;
  // Between steps.
  virtual void copy_kv(std::span<const KvCopy> copies) = 0;
  virtual KvPool& kv_pool() = 0;
};

}  // namespace qaio
