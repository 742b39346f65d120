// Safetensors files, single or sharded.
// Format: https://github.com/huggingface/safetensors/blob/main/README.md
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "base/file_set.h"
#include "base/result.h"
#include "weights/tensor_table.h"

namespace qaio {

struct SafetensorsFile {
  TensorTable tensors;                          // borrows the bytes given to parse_safetensors()
  std::map<std::string, std::string> metadata;  // "__metadata__"; empty if absent
};

// Parses one file's bytes. The header is at most 100 MB (the format's own limit); every tensor's
// byte count must equal its shape's, and together they must cover the data exactly, without
// overlap or hole. F32, F16 and BF16 are usable; other types become foreign entries of the table.
// kCorrupt (also for truncated files) names `label`, tensor and reason.
Result<SafetensorsFile> parse_safetensors(std::span<const std::byte> bytes, std::string label);

// All weights of a Hugging Face folder as one table: model.safetensors if present, else
// model.safetensors.index.json with the shards it names, else the folder's only *.safetensors file.
// kNotFound when there is none or a shard is missing; kCorrupt when a shard is damaged, a tensor is
// not in the shard the index names, or one comes twice. The table borrows the bytes of `files`.
Result<TensorTable> load_safetensors(const FileSet& files);

}  // namespace qaio
