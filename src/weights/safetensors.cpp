#include "weights/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include "base/json.h"
#include "base/wrong_content.h"

namespace qaio {
namespace {

namespace json = boost::json;

static_assert(std::endian::native == std::endian::little, "lengths are read as they lie");

constexpr uint64_t kHeaderBytesMax = 100'000'000;  // the reference implementation's limit
constexpr size_t kDimensionsMax = 8;

struct Dtype {
  std::string_view name;
  uint64_t bits;
  std::optional<TensorType> supported;
};

// Names and sizes: enum Dtype of the reference implementation.
constexpr std::array kDtypes = {
    Dtype{"F32", 32, TensorType::kF32},
    Dtype{"F16", 16, TensorType::kF16},
    Dtype{"BF16", 16, TensorType::kBF16},
    Dtype{"BOOL", 8, {}},
    Dtype{"F4", 4, {}},
    Dtype{"F6_E2M3", 6, {}},
    Dtype{"F6_E3M2", 6, {}},
    Dtype{"U8", 8, {}},
    Dtype{"I8", 8, {}},
    Dtype{"F8_E5M2", 8, {}},
    Dtype{"F8_E4M3", 8, {}},
    Dtype{"F8_E8M0", 8, {}},
    Dtype{"I16", 16, {}},
    Dtype{"U16", 16, {}},
    Dtype{"I32", 32, {}},
    Dtype{"U32", 32, {}},
    Dtype{"F64", 64, {}},
    Dtype{"C64", 64, {}},
    Dtype{"I64", 64, {}},
    Dtype{"U64", 64, {}},
};

struct Declared {
  std::string name;
  Dtype dtype;
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

tl::unexpected<Error> corrupt(const std::string& label, const std::string& reason) {
  return fail(ErrorCode::kCorrupt, label + ": " + reason);
}

tl::unexpected<Error> corrupt_tensor(const std::string& label, std::string_view name,
                                     const std::string& reason) {
  return corrupt(label, "tensor " + quoted_name(name) + " " + reason);
}

// A JSON number that is an integer from 0 to INT64_MAX.
std::optional<uint64_t> natural(const json::value& value) {
  const auto* number = value.if_int64();
  if (number == nullptr || *number < 0) return std::nullopt;
  return static_cast<uint64_t>(*number);
}

Result<Declared> read_declaration(const std::string& label, std::string_view name,
                                  const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return corrupt_tensor(label, name, "is not described by an object");
  const json::value* dtype = object->if_contains("dtype");
  const json::value* shape = object->if_contains("shape");
  const json::value* offsets = object->if_contains("data_offsets");
  if (dtype == nullptr || !dtype->is_string() || shape == nullptr || !shape->is_array() ||
      offsets == nullptr || !offsets->is_array() || offsets->get_array().size() != 2) {
    return corrupt_tensor(label, name, "lacks a valid dtype, shape or data_offsets");
  }
  Declared tensor;
  tensor.name = name;
  const std::string_view dtype_name = dtype->get_string();
  const auto known = std::ranges::find(kDtypes, dtype_name, &Dtype::name);
  if (known == kDtypes.end()) {
    return fail(ErrorCode::kUnsupported, label + ": tensor " + quoted_name(name) +
                                             " has unknown type " + quoted_name(dtype_name));
  }
  tensor.dtype = *known;
  if (shape->get_array().size() > kDimensionsMax) {
    return corrupt_tensor(label, name,
                          "has more than " + std::to_string(kDimensionsMax) + " dimensions");
  }
  for (const json::value& extent : shape->get_array()) {
    const std::optional<uint64_t> number = natural(extent);
    if (!number) return corrupt_tensor(label, name, "has a shape that is not made of counts");
    tensor.shape.push_back(static_cast<int64_t>(*number));
  }
  const std::optional<uint64_t> begin = natural(offsets->get_array()[0]);
  const std::optional<uint64_t> end = natural(offsets->get_array()[1]);
  if (!begin || !end || *begin > *end) {
    return corrupt_tensor(label, name, "has impossible data_offsets");
  }
  tensor.begin = *begin;
  tensor.end = *end;
  return tensor;
}

// Whether the bytes between the offsets are as many as type and shape say.
Result<void> check_size(const std::string& label, const Declared& tensor) {
  const std::optional<int64_t> elements = checked_elements(tensor.shape);
  if (!elements) {
    return corrupt_tensor(label, tensor.name,
                          "has an impossible shape " + shape_text(tensor.shape));
  }
  const uint64_t bits = static_cast<uint64_t>(*elements) * tensor.dtype.bits;
  if (bits % 8 != 0 || bits / 8 != tensor.end - tensor.begin) {
    return corrupt_tensor(label, tensor.name,
                          "of shape " + shape_text(tensor.shape) + " and type " +
                              std::string(tensor.dtype.name) + " needs " +
                              std::to_string(bits / 8) + " bytes, but its data_offsets hold " +
                              std::to_string(tensor.end - tensor.begin));
  }
  return {};
}

// Tensors lie end to end: each begins where the one before it ends, the last ends with the file.
Result<void> check_layout(const std::string& label, std::span<const Declared> in_order,
                          uint64_t data_bytes) {
  uint64_t expected = 0;
  std::string_view before;
  for (const Declared& tensor : in_order) {
    if (tensor.end > data_bytes) {
      return corrupt_tensor(label, tensor.name,
                            "ends beyond the file (byte " + std::to_string(tensor.end) + " of " +
                                std::to_string(data_bytes) + " bytes of data)");
    }
    if (tensor.begin < expected) {
      return corrupt_tensor(label, tensor.name, "overlaps tensor " + quoted_name(before));
    }
    if (tensor.begin > expected) {
      return corrupt_tensor(
          label, tensor.name,
          "leaves a hole of " + std::to_string(tensor.begin - expected) + " bytes before it");
    }
    expected = tensor.end;
    before = tensor.name;
  }
  if (expected != data_bytes) {
    return corrupt(
        label, "holds " + std::to_string(data_bytes - expected) + " bytes after its last tensor");
  }
  return {};
}

Result<std::map<std::string, std::string>> read_metadata(const std::string& label,
                                                         const json::value& value) {
  std::map<std::string, std::string> metadata;
  const json::object* object = value.if_object();
  if (object == nullptr) return corrupt(label, "has a '__metadata__' that is not an object");
  for (const auto& [key, text] : *object) {
    if (!text.is_string()) return corrupt(label, "has a '__metadata__' value that is not a string");
    metadata.emplace(key, text.get_string());
  }
  return metadata;
}

// The JSON text and the data after it.
struct Sections {
  std::string_view header;
  std::span<const std::byte> data;
};

Result<Sections> split(const std::string& label, std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const auto wrong = wrong_content(text)) return corrupt(label, *wrong);
  uint64_t header_bytes = 0;
  if (bytes.size() < sizeof(header_bytes)) {
    return corrupt(label, "is truncated: too short for a safetensors file");
  }
  std::memcpy(&header_bytes, bytes.data(), sizeof(header_bytes));
  const auto rest = bytes.subspan(sizeof(header_bytes));
  if (header_bytes > kHeaderBytesMax) {
    return corrupt(label, "is not a safetensors file: its header would have " +
                              std::to_string(header_bytes) + " bytes");
  }
  if (header_bytes > rest.size()) return corrupt(label, "is truncated inside its header");
  const auto header = rest.first(header_bytes);
  return Sections{{reinterpret_cast<const char*>(header.data()), header.size()},
                  rest.subspan(header_bytes)};
}

}  // namespace

Result<SafetensorsFile> parse_safetensors(std::span<const std::byte> bytes, std::string label) {
  QAIO_ASSIGN(const Sections sections, split(label, bytes));
  auto header = parse_json(sections.header, label + ": header");
  if (!header) return fail(ErrorCode::kCorrupt, header.error().message);
  const json::object* object = header->if_object();
  if (object == nullptr) return corrupt(label, "has a header that is not a JSON object");

  SafetensorsFile file;
  std::vector<Declared> declared;
  declared.reserve(object->size());
  for (const auto& [name, value] : *object) {
    if (name == "__metadata__") {
      QAIO_ASSIGN(file.metadata, read_metadata(label, value));
      continue;
    }
    QAIO_ASSIGN(Declared tensor, read_declaration(label, name, value));
    QAIO_RETURN_IF_ERROR(check_size(label, tensor));
    declared.push_back(std::move(tensor));
  }
  std::ranges::stable_sort(declared, {},
                           [](const Declared& t) { return std::pair(t.begin, t.end); });
  QAIO_RETURN_IF_ERROR(check_layout(label, declared, sections.data.size()));

  std::vector<TensorView> tensors;
  std::vector<ForeignTensor> foreign;
  for (Declared& tensor : declared) {
    if (tensor.dtype.supported) {
      tensors.push_back({std::move(tensor.name), *tensor.dtype.supported, std::move(tensor.shape),
                         sections.data.subspan(tensor.begin, tensor.end - tensor.begin)});
    } else {
      foreign.push_back(
          {std::move(tensor.name), std::string(tensor.dtype.name), std::move(tensor.shape)});
    }
  }
  QAIO_ASSIGN(file.tensors,
              TensorTable::create(std::move(label), std::move(tensors), std::move(foreign)));
  return file;
}

}  // namespace qaio
