#include "weights/gguf_format.h"

#include <array>

namespace qaio {
namespace {

struct Row {
  uint32_t number;
  GgmlType type;
};

constexpr std::array kGgmlTypes = {
    Row{0, {"F32", TensorType::kF32}},
    Row{1, {"F16", TensorType::kF16}},
    Row{2, {"Q4_0", TensorType::kQ4_0}},
    Row{3, {"Q4_1", TensorType::kQ4_1}},
    Row{6, {"Q5_0", TensorType::kQ5_0}},
    Row{7, {"Q5_1", TensorType::kQ5_1}},
    Row{8, {"Q8_0", TensorType::kQ8_0}},
    Row{9, {"Q8_1", {}}},
    Row{10, {"Q2_K", TensorType::kQ2_K}},
    Row{11, {"Q3_K", TensorType::kQ3_K}},
    Row{12, {"Q4_K", TensorType::kQ4_K}},
    Row{13, {"Q5_K", TensorType::kQ5_K}},
    Row{14, {"Q6_K", TensorType::kQ6_K}},
    Row{15, {"Q8_K", {}}},
    Row{16, {"IQ2_XXS", {}}},
    Row{17, {"IQ2_XS", {}}},
    Row{18, {"IQ3_XXS", {}}},
    Row{19, {"IQ1_S", {}}},
    Row{20, {"IQ4_NL", TensorType::kIQ4_NL}},
    Row{21, {"IQ3_S", {}}},
    Row{22, {"IQ2_S", {}}},
    Row{23, {"IQ4_XS", {}}},
    Row{24, {"I8", {}}},
    Row{25, {"I16", {}}},
    Row{26, {"I32", {}}},
    Row{27, {"I64", {}}},
    Row{28, {"F64", {}}},
    Row{29, {"IQ1_M", {}}},
    Row{30, {"BF16", TensorType::kBF16}},
    Row{34, {"TQ1_0", {}}},
    Row{35, {"TQ2_0", {}}},
    Row{39, {"MXFP4", {}}},
    Row{40, {"NVFP4", {}}},
    Row{41, {"Q1_0", {}}},
    Row{42, {"Q2_0", {}}},
};

struct Removed {
  uint32_t number;
  std::string_view name;
  std::string_view instead;
};

// The "N_N" ones were rearranged for some processors; today programs do that as they load Q4_0.
constexpr std::array kRemovedTypes = {
    Removed{4, "Q4_2", "Q4_0"},          Removed{5, "Q4_3", "Q4_1"},
    Removed{31, "Q4_0_4_4", "Q4_0"},     Removed{32, "Q4_0_4_8", "Q4_0"},
    Removed{33, "Q4_0_8_8", "Q4_0"},     Removed{36, "IQ4_NL_4_4", "IQ4_NL"},
    Removed{37, "IQ4_NL_4_8", "IQ4_NL"}, Removed{38, "IQ4_NL_8_8", "IQ4_NL"},
};

}  // namespace

uint64_t gguf_scalar_bytes(GgufType type) {
  switch (type) {
    case GgufType::kUint8:
    case GgufType::kInt8:
    case GgufType::kBool:
      return 1;
    case GgufType::kUint16:
    case GgufType::kInt16:
      return 2;
    case GgufType::kUint32:
    case GgufType::kInt32:
    case GgufType::kFloat32:
      return 4;
    case GgufType::kUint64:
    case GgufType::kInt64:
    case GgufType::kFloat64:
      return 8;
    case GgufType::kString:
    case GgufType::kArray:
      return 0;
  }
  return 0;
}

std::optional<GgmlType> ggml_type(uint32_t number) {
  for (const Row& row : kGgmlTypes) {
    if (row.number == number) return row.type;
  }
  return std::nullopt;
}

std::string unknown_ggml_type(uint32_t number) {
  const std::string as_number = std::to_string(number);
  for (const Removed& type : kRemovedTypes) {
    if (type.number != number) continue;
    return "is of type " + std::string(type.name) + " (" + as_number +
           "), which ggml has removed; make the file again as " + std::string(type.instead);
  }
  return "is of unknown ggml type " + as_number + ", perhaps of a newer or another program";
}

uint32_t ggml_type_number(TensorType type) {
  for (const Row& row : kGgmlTypes) {
    if (row.type.supported == type) return row.number;
  }
  return UINT32_MAX;  // not reached: every TensorType has a row
}

}  // namespace qaio
