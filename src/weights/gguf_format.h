// Constants of the GGUF format shared by reader and writer; private to weights/.
// Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md and enum ggml_type in ggml.h
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "weights/gguf.h"
#include "weights/tensor.h"

namespace qaio {

inline bool is_gguf_type(uint32_t type) {
  return type <= static_cast<uint32_t>(GgufType::kFloat64);
}

// Bytes of a scalar; 0 for strings and arrays.
uint64_t gguf_scalar_bytes(GgufType type);

// An element type by its number in files.
struct GgmlType {
  std::string_view name;
  std::optional<TensorType> supported;  // nullopt: known to ggml, not to this program
};

// nullopt for numbers that ggml never assigned or has removed.
std::optional<GgmlType> ggml_type(uint32_t number);
// What to say of a tensor of such a number, as the rest of a sentence.
std::string unknown_ggml_type(uint32_t number);
uint32_t ggml_type_number(TensorType type);

}  // namespace qaio
