// GgufFile::parse: one pass over the header with a cursor that cannot leave it.
#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "base/wrong_content.h"
#include "weights/gguf.h"
#include "weights/gguf_format.h"

namespace qaio {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF numbers are read as they lie");

constexpr uint64_t kKeyBytesMax = 65535;    // the format's limit
constexpr uint64_t kNameBytesMax = 255;     // the format says 64; be generous
constexpr uint64_t kEntriesMax = 1u << 16;  // real files have tens
constexpr uint64_t kTensorsMax = 1u << 16;  // real files have hundreds
constexpr uint32_t kDimensionsMax = 4;
constexpr uint64_t kAlignmentDefault = 32;
constexpr uint64_t kAlignmentMax = 1u << 16;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A tensor as declared, before its place in the file is known.
struct Declared {
  std::string_view name;
  std::vector<int64_t> shape;  // outermost first
  GgmlType type;
  uint64_t offset = 0;  // from the start of the data section
  uint64_t bytes = 0;   // 0: a foreign type, whose size is not known
};

class Parser {
 public:
  Parser(std::span<const std::byte> bytes, std::string label)
      : bytes_(bytes), label_(std::move(label)) {}

  Result<uint32_t> parse_preamble();
  Result<std::vector<GgufEntry>> parse_metadata();
  Result<std::vector<Declared>> parse_declarations();
  Result<TensorTable> place(std::vector<Declared> declared, uint64_t alignment);
  tl::unexpected<Error> corrupt(const std::string& reason) const {
    return fail(ErrorCode::kCorrupt, label_ + ": " + reason);
  }
  const std::string& label() const { return label_; }

 private:
  uint64_t left() const { return bytes_.size() - position_; }

  template <typename Number>
  bool read(Number& number) {
    if (left() < sizeof(Number)) return false;
    std::memcpy(&number, bytes_.data() + position_, sizeof(Number));
    position_ += sizeof(Number);
    return true;
  }
  bool take(uint64_t count, std::span<const std::byte>& taken) {
    if (left() < count) return false;
    taken = bytes_.subspan(position_, count);
    position_ += count;
    return true;
  }
  bool read_string(std::string_view& text) {
    uint64_t length = 0;
    std::span<const std::byte> taken;
    if (!read(length) || !take(length, taken)) return false;
    text = {reinterpret_cast<const char*>(taken.data()), taken.size()};
    return true;
  }

  Result<GgufEntry> parse_entry(uint64_t index);
  Result<void> parse_array(GgufEntry& entry);
  Result<Declared> parse_declaration(uint64_t index);
  Result<void> measure(Declared& declared) const;
  tl::unexpected<Error> corrupt_entry(std::string_view key, const std::string& reason) const {
    return corrupt("metadata entry " + quoted_name(key) + " " + reason);
  }
  tl::unexpected<Error> corrupt_tensor(std::string_view name, const std::string& reason) const {
    return corrupt("tensor " + quoted_name(name) + " " + reason);
  }

  std::span<const std::byte> bytes_;
  std::string label_;
  uint64_t position_ = 0;
  uint64_t entry_count_ = 0;
  uint64_t tensor_count_ = 0;
};

// Magic, version and counts. Every count is compared with the bytes that so many of the smallest
// possible entries would take.
Result<uint32_t> Parser::parse_preamble() {
  std::span<const std::byte> magic;
  if (!take(4, magic)) return corrupt("is truncated: too short for a GGUF file");
  if (!is_gguf(bytes_))
    return corrupt(wrong_content(text_of(bytes_)).value_or("is not a GGUF file"));
  uint32_t version = 0;
  if (!read(version)) return corrupt("is truncated inside the GGUF header");
  if (version == 0x02000000u || version == 0x03000000u) {
    return fail(ErrorCode::kUnsupported, label_ + ": is a big-endian GGUF file");
  }
  if (version != 2 && version != 3) {
    return fail(ErrorCode::kUnsupported, label_ + ": has GGUF version " + std::to_string(version) +
                                             "; versions 2 and 3 are supported");
  }
  if (!read(tensor_count_) || !read(entry_count_)) {
    return corrupt("is truncated inside the GGUF header");
  }
  constexpr uint64_t kEntryBytesMin = 8 + 1 + 4 + 1;
  constexpr uint64_t kTensorBytesMin = 8 + 1 + 4 + 8 + 4 + 8;
  if (entry_count_ > kEntriesMax || entry_count_ > left() / kEntryBytesMin) {
    return corrupt("declares " + std::to_string(entry_count_) +
                   " metadata entries, more than it can hold");
  }
  if (tensor_count_ > kTensorsMax || tensor_count_ > left() / kTensorBytesMin) {
    return corrupt("declares " + std::to_string(tensor_count_) + " tensors, more than it can hold");
  }
  return version;
}

Result<std::vector<GgufEntry>> Parser::parse_metadata() {
  std::vector<GgufEntry> entries;
  entries.reserve(entry_count_);
  for (uint64_t i = 0; i < entry_count_; ++i) {
    QAIO_ASSIGN(GgufEntry entry, parse_entry(i));
    entries.push_back(entry);
  }
  return entries;
}

Result<GgufEntry> Parser::parse_entry(uint64_t index) {
  GgufEntry entry;
  uint32_t type = 0;
  if (!read_string(entry.key) || entry.key.empty() || entry.key.size() > kKeyBytesMax) {
    return corrupt("has a damaged key at metadata entry " + std::to_string(index));
  }
  if (!read(type)) return corrupt_entry(entry.key, "is truncated");
  if (!is_gguf_type(type)) {
    return fail(ErrorCode::kUnsupported, label_ + ": metadata entry " + quoted_name(entry.key) +
                                             " has unknown type " + std::to_string(type));
  }
  entry.type = static_cast<GgufType>(type);
  if (entry.type == GgufType::kArray) {
    QAIO_RETURN_IF_ERROR(parse_array(entry));
    return entry;
  }
  if (entry.type == GgufType::kString) {
    std::string_view text;
    if (!read_string(text)) return corrupt_entry(entry.key, "ends beyond the file");
    entry.value = std::as_bytes(std::span(text));
    return entry;
  }
  if (!take(gguf_scalar_bytes(entry.type), entry.value)) {
    return corrupt_entry(entry.key, "is truncated");
  }
  if (entry.type == GgufType::kBool && std::to_integer<unsigned>(entry.value[0]) > 1) {
    return corrupt_entry(entry.key, "is a boolean that is neither true nor false");
  }
  return entry;
}

Result<void> Parser::parse_array(GgufEntry& entry) {
  uint32_t type = 0;
  if (!read(type) || !read(entry.count)) return corrupt_entry(entry.key, "is truncated");
  if (!is_gguf_type(type) || static_cast<GgufType>(type) == GgufType::kArray) {
    return fail(ErrorCode::kUnsupported, label_ + ": metadata entry " + quoted_name(entry.key) +
                                             " is an array of unsupported type " +
                                             std::to_string(type));
  }
  entry.element_type = static_cast<GgufType>(type);
  const bool strings = entry.element_type == GgufType::kString;
  const uint64_t element_bytes = strings ? 8 : gguf_scalar_bytes(entry.element_type);
  if (entry.count > left() / element_bytes) {
    return corrupt_entry(entry.key, "declares " + std::to_string(entry.count) +
                                        " elements, more than the file can hold");
  }
  if (!strings) {
    take(entry.count * element_bytes, entry.value);
    return {};
  }
  const uint64_t start = position_;
  for (uint64_t i = 0; i < entry.count; ++i) {
    std::string_view text;
    if (!read_string(text)) {
      return corrupt_entry(entry.key,
                           "has a string that ends beyond the file at index " + std::to_string(i));
    }
  }
  entry.value = bytes_.subspan(start, position_ - start);
  return {};
}

Result<std::vector<Declared>> Parser::parse_declarations() {
  std::vector<Declared> declared;
  declared.reserve(tensor_count_);
  for (uint64_t i = 0; i < tensor_count_; ++i) {
    QAIO_ASSIGN(Declared tensor, parse_declaration(i));
    declared.push_back(std::move(tensor));
  }
  return declared;
}

Result<Declared> Parser::parse_declaration(uint64_t index) {
  Declared tensor;
  uint32_t dimensions = 0;
  uint32_t type = 0;
  if (!read_string(tensor.name) || tensor.name.empty() || tensor.name.size() > kNameBytesMax) {
    return corrupt("has a damaged tensor name at index " + std::to_string(index));
  }
  if (!read(dimensions)) return corrupt_tensor(tensor.name, "is truncated in its declaration");
  if (dimensions == 0 || dimensions > kDimensionsMax) {
    return corrupt_tensor(tensor.name,
                          "has " + std::to_string(dimensions) + " dimensions; 1 to 4 are possible");
  }
  for (uint32_t d = 0; d < dimensions; ++d) {
    uint64_t extent = 0;
    if (!read(extent)) return corrupt_tensor(tensor.name, "is truncated in its declaration");
    if (extent == 0 || extent > static_cast<uint64_t>(INT64_MAX)) {
      return corrupt_tensor(tensor.name, "has an impossible extent of " + std::to_string(extent));
    }
    tensor.shape.push_back(static_cast<int64_t>(extent));
  }
  std::ranges::reverse(tensor.shape);  // the file has the innermost extent first
  if (!read(type) || !read(tensor.offset)) {
    return corrupt_tensor(tensor.name, "is truncated in its declaration");
  }
  const std::optional<GgmlType> known = ggml_type(type);
  if (!known) {
    return fail(ErrorCode::kUnsupported,
                label_ + ": tensor " + quoted_name(tensor.name) + " " + unknown_ggml_type(type));
  }
  tensor.type = *known;
  QAIO_RETURN_IF_ERROR(measure(tensor));
  return tensor;
}

// Fills in `bytes` from type and shape.
Result<void> Parser::measure(Declared& declared) const {
  const std::optional<int64_t> elements = checked_elements(declared.shape);
  if (!elements) {
    return corrupt_tensor(declared.name, "has an impossible shape " + shape_text(declared.shape));
  }
  if (!declared.type.supported) return {};
  const TensorTraits& traits = tensor_traits(*declared.type.supported);
  if (declared.shape.back() % traits.block_elements != 0) {
    return corrupt_tensor(declared.name, "has rows of " + std::to_string(declared.shape.back()) +
                                             " values, not a multiple of the " +
                                             std::to_string(traits.block_elements) +
                                             " in a block of " + std::string(traits.name));
  }
  declared.bytes = static_cast<uint64_t>(tensor_bytes(*declared.type.supported, *elements));
  return {};
}

// Gives every tensor its bytes: aligned, inside the file, apart from each other.
Result<TensorTable> Parser::place(std::vector<Declared> declared, uint64_t alignment) {
  const uint64_t start = (position_ + alignment - 1) / alignment * alignment;
  const uint64_t data_bytes = start < bytes_.size() ? bytes_.size() - start : 0;
  std::vector<TensorView> tensors;
  std::vector<ForeignTensor> foreign;
  for (const Declared& tensor : declared) {
    if (tensor.offset % alignment != 0) {
      return corrupt_tensor(tensor.name, "begins at offset " + std::to_string(tensor.offset) +
                                             ", which is not aligned to " +
                                             std::to_string(alignment));
    }
    if (tensor.offset > data_bytes || tensor.bytes > data_bytes - tensor.offset) {
      return corrupt_tensor(tensor.name, "ends beyond the file (offset " +
                                             std::to_string(tensor.offset) + ", " +
                                             std::to_string(tensor.bytes) + " bytes, " +
                                             std::to_string(data_bytes) + " bytes of data)");
    }
    if (tensor.type.supported) {
      tensors.push_back({std::string(tensor.name), *tensor.type.supported, tensor.shape,
                         bytes_.subspan(start + tensor.offset, tensor.bytes)});
    } else {
      foreign.push_back({std::string(tensor.name), std::string(tensor.type.name), tensor.shape});
    }
  }
  std::ranges::sort(declared, {}, &Declared::offset);
  for (size_t i = 1; i < declared.size(); ++i) {
    const Declared& before = declared[i - 1];
    const bool same_start = before.offset == declared[i].offset;
    if (same_start || before.offset + before.bytes > declared[i].offset) {
      return corrupt_tensor(declared[i].name, "overlaps tensor " + quoted_name(before.name));
    }
  }
  return TensorTable::create(label_, std::move(tensors), std::move(foreign));
}

}  // namespace

bool is_gguf(std::span<const std::byte> bytes) { return text_of(bytes).starts_with("GGUF"); }

Result<GgufFile> GgufFile::parse(std::span<const std::byte> bytes, std::string label) {
  Parser parser(bytes, std::move(label));
  GgufFile file;
  QAIO_ASSIGN(file.version_, parser.parse_preamble());
  QAIO_ASSIGN(file.entries_, parser.parse_metadata());
  file.by_key_.resize(file.entries_.size());
  std::iota(file.by_key_.begin(), file.by_key_.end(), 0u);
  const auto key = [&](uint32_t i) { return file.entries_[i].key; };
  std::ranges::sort(file.by_key_, {}, key);
  const auto twin = std::ranges::adjacent_find(file.by_key_, {}, key);
  if (twin != file.by_key_.end()) {
    return parser.corrupt("metadata entry " + quoted_name(key(*twin)) + " comes twice");
  }
  uint64_t alignment = kAlignmentDefault;
  if (const GgufEntry* entry = file.find("general.alignment")) {
    uint32_t value = 0;
    if (entry->type == GgufType::kUint32) std::memcpy(&value, entry->value.data(), sizeof(value));
    if (!std::has_single_bit(value) || value < 8 || value > kAlignmentMax) {
      return parser.corrupt("metadata entry 'general.alignment' is not a power of two from 8 to " +
                            std::to_string(kAlignmentMax));
    }
    alignment = value;
  }
  QAIO_ASSIGN(std::vector<Declared> declared, parser.parse_declarations());
  QAIO_ASSIGN(file.tensors_, parser.place(std::move(declared), alignment));
  return file;
}

}  // namespace qaio
