// Writes the front part of a GGUF v3 file; the caller appends the tensor data.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weights/gguf.h"
#include "weights/tensor.h"

namespace qaio {

// Collects metadata and tensor declarations in order. Keys and names must be unique and non-empty;
// shapes must be whole blocks of their type.
class GgufWriter {
 public:
  void add_string(std::string_view key, std::string_view value);
  void add_uint(std::string_view key, uint32_t value);
  void add_float(std::string_view key, float value);
  void add_bool(std::string_view key, bool value);
  void add_strings(std::string_view key, std::span<const std::string> values);
  void add_ints(std::string_view key, std::span<const int32_t> values);
  void add_bools(std::string_view key, const std::vector<bool>& values);
  // Data of tensors follow the header in the order of these calls, each followed by
  // padding_bytes() zero bytes. `shape` has the outermost extent first and 1 to 4 extents.
  void add_tensor(std::string_view name, TensorType type, std::span<const int64_t> shape);

  // Everything before the tensor data, padded.
  std::string header() const;
  static int64_t padding_bytes(int64_t data_bytes);

 private:
  void add_key(std::string_view key, GgufType type);

  std::string metadata_;
  std::string declarations_;
  uint64_t entry_count_ = 0;
  uint64_t tensor_count_ = 0;
  int64_t data_bytes_ = 0;
};

}  // namespace qaio
