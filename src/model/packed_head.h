// The head of a packed file as numbers, before they are checked against each other; packed_file.cpp
// does that.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/packed.h"
#include "text/tokenizer.h"

namespace qaio {

struct PackedModel;

struct PackedMatrix {
  PackedLayout layout;
  int32_t rows = 0;
  int32_t cols = 0;
  uint64_t offset = 0;  // bytes into the weights
};

struct PackedLayer {
  std::vector<PackedMatrix> matrices;  // in the order of parts_of()
};

// What PackedModel has no place for.
struct PackedHead {
  uint64_t weights_bytes = 0;
  PackedMatrix embedding;
  PackedMatrix output;  // ignored if the head is tied
  std::vector<PackedLayer> layers;
  TokenizerTables tokenizer;
};

// A multiple of 8 bytes.
std::string write_packed_head(const PackedModel& model, const PackedHead& head);

// Fills the model's config (validated), info, end tokens (in the vocabulary), norms and biases (of
// any size). kCorrupt or kUnsupported; no count is believed before the bytes for it are seen.
Result<PackedHead> read_packed_head(std::span<const std::byte> bytes, const std::string& label,
                                    PackedModel& model);

}  // namespace qaio
