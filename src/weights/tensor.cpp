#include "weights/tensor.h"

#include <algorithm>
#include <array>

namespace qaio {
namespace {

// Block sizes are those of ggml-common.h; a K-quant block is 256 values.
constexpr std::array<TensorTraits, kTensorTypes> kTraits = {{
    {"F32", 1, 4},
    {"F16", 1, 2},
    {"BF16", 1, 2},
    {"Q4_0", 32, 2 + 16},
    {"Q4_1", 32, 2 + 2 + 16},
    {"Q5_0", 32, 2 + 4 + 16},
    {"Q5_1", 32, 2 + 2 + 4 + 16},
    {"Q8_0", 32, 2 + 32},
    {"Q2_K", 256, 16 + 64 + 2 + 2},
    {"Q3_K", 256, 32 + 64 + 12 + 2},
    {"Q4_K", 256, 2 + 2 + 12 + 128},
    {"Q5_K", 256, 2 + 2 + 12 + 32 + 128},
    {"Q6_K", 256, 128 + 64 + 16 + 2},
    {"IQ4_NL", 32, 2 + 16},
}};

constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

const TensorTraits& tensor_traits(TensorType type) { return kTraits[static_cast<size_t>(type)]; }

std::optional<TensorType> tensor_type_from_name(std::string_view name) {
  const auto same = [name](const TensorTraits& traits) {
    return std::ranges::equal(name, traits.name, {}, upper, upper);
  };
  const auto found = std::ranges::find_if(kTraits, same);
  if (found == kTraits.end()) return std::nullopt;
  return static_cast<TensorType>(found - kTraits.begin());
}

std::string shape_text(std::span<const int64_t> shape) {
  std::string text = "[";
  for (const int64_t extent : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(extent);
  }
  return text + "]";
}

std::string quoted_name(std::string_view name) {
  constexpr size_t kBytesMax = 80;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "'";
  for (const char c : name.substr(0, kBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return text + (name.size() > kBytesMax ? "...'" : "'");
}

std::optional<int64_t> checked_elements(std::span<const int64_t> shape) {
  constexpr int64_t kElementsMax = int64_t{1} << 48;
  int64_t product = 1;
  bool empty = false;
  for (const int64_t extent : shape) {
    if (extent < 0) return std::nullopt;
    if (extent == 0) {
      empty = true;
    } else if (product > kElementsMax / extent) {
      return std::nullopt;
    } else {
      product *= extent;
    }
  }
  return empty ? 0 : product;
}

}  // namespace qaio
