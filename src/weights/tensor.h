// What a weight tensor is, whichever file it came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qaio {

// Element formats of the models this program reads. The Q and IQ types are ggml's block formats.
enum class TensorType : uint8_t {
  kF32,
  kF16,
  kBF16,
  kQ4_0,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ8_0,
  kQ2_K,
  kQ3_K,
  kQ4_K,
  kQ5_K,
  kQ6_K,
  kIQ4_NL,
};
inline constexpr int kTensorTypes = 14;

// Elements are stored in blocks of consecutive values of one row; plain types have blocks of one.
struct TensorTraits {
  std::string_view name;  // as ggml spells it, e.g. "Q4_K"
  int block_elements;
  int block_bytes;
};

const TensorTraits& tensor_traits(TensorType type);
inline std::string_view tensor_type_name(TensorType type) { return tensor_traits(type).name; }
// Accepts any case ("q4_k", "BF16"); nullopt for anything else.
std::optional<TensorType> tensor_type_from_name(std::string_view name);

// Bytes of `elements` values; they must be a whole number of blocks. No overflow check: for counts
// that were already validated.
inline int64_t tensor_bytes(TensorType type, int64_t elements) {
  const TensorTraits& traits = tensor_traits(type);
  return elements / traits.block_elements * traits.block_bytes;
}

// A tensor inside bytes owned by someone else (a FileSet, usually). The file's parser has checked
// that bytes.size() is exactly what type and shape say, and that rows are whole blocks.
struct TensorView {
  std::string name;  // as the file spells it
  TensorType type = TensorType::kF32;
  std::vector<int64_t> shape;        // row-major, outermost first: [rows, cols]; empty: a scalar
  std::span<const std::byte> bytes;  // possibly unaligned: read through memcpy

  int64_t elements() const {
    int64_t product = 1;
    for (const int64_t extent : shape) product *= extent;
    return product;
  }
  // The innermost extent; 1 for a scalar.
  int64_t cols() const { return shape.empty() ? 1 : shape.back(); }
  // Product of all the others: a vector is one row.
  int64_t rows() const { return cols() == 0 ? 0 : elements() / cols(); }
  int64_t row_bytes() const { return tensor_bytes(type, cols()); }
  // Row `index` in [0, rows()).
  std::span<const std::byte> row(int64_t index) const {
    return bytes.subspan(static_cast<size_t>(index * row_bytes()),
                         static_cast<size_t>(row_bytes()));
  }
};

// "[151936, 1024]", for messages and listings.
std::string shape_text(std::span<const int64_t> shape);

// A name from a file for use in a message: in single quotes, bytes outside printable ASCII as \xNN,
// cut after 80 characters.
std::string quoted_name(std::string_view name);

// The product of the extents; nullopt if one is negative or the product exceeds 2^48, far beyond
// any model, so that byte counts computed from it cannot overflow.
std::optional<int64_t> checked_elements(std::span<const int64_t> shape);

}  // namespace qaio
