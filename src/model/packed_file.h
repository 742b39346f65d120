// The packed file: a model in the form it has in memory, so that starting is mapping.
//
//   offset 0         magic "QAIOPACK", u32 version, u32 zero, u64 head bytes, u64 checksum
//   32               the head: config, description, end tokens, sampling defaults, chat
//                    template, norms and biases, one descriptor (layout, shape, offset) per matrix,
//                    the tokenizer's tables
//   multiple of      the weights: matrices as packed.h lays them out, each at a multiple of 64,
//   2 MiB            to the end of the file
//
// Numbers are little-endian. The checksum covers the head; the weights are plain numbers of which
// any value is harmless. All processes that map the file share its pages.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/config.h"
#include "model/generation_config.h"
#include "model/model.h"
#include "model/weights.h"
#include "text/tokenizer.h"

namespace qaio {

// Each token that is drawn is looked for among them.
inline constexpr size_t kEndTokensMax = 64;

// A model without the memory to run it.
struct PackedModel {
  ModelConfig config;
  ModelInfo info;
  std::vector<TokenId> end_tokens;  // at most kEndTokensMax
  GenerationConfig generation;
  ModelWeights weights;
  std::unique_ptr<Tokenizer> tokenizer;
  std::string chat_template;  // its source; empty if the files had none
};

// Whether the bytes begin as a packed file of any version does.
bool is_packed_file(std::span<const std::byte> bytes);

// Writes the file beside `path` and then renames it, so that no reader sees half of it. kIo.
Result<void> write_packed_file(const PackedModel& model, const std::filesystem::path& path);

// The weights point into `bytes`, which the caller keeps. Every offset, size and shape is checked
// against the config and the file's length first. kUnsupported for another version, kCorrupt with
// one sentence beginning with `label` for everything else.
Result<PackedModel> read_packed_file(std::span<const std::byte> bytes, const std::string& label);

// For tests that damage a file behind its checksum: makes the checksum right again, if there is a
// whole head.
void repair_packed_checksum(std::span<std::byte> bytes);

}  // namespace qaio
