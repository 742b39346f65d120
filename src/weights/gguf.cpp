#include "weights/gguf.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "base/printable.h"
#include "weights/gguf_format.h"

namespace qaio {
namespace {

template <typename Number>
Number load(const std::byte* at) {
  Number number;
  std::memcpy(&number, at, sizeof(number));
  return number;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// nullopt for types that are not integers and for values above INT64_MAX.
std::optional<int64_t> load_int(GgufType type, const std::byte* at) {
  switch (type) {
    case GgufType::kUint8:
      return load<uint8_t>(at);
    case GgufType::kInt8:
      return load<int8_t>(at);
    case GgufType::kUint16:
      return load<uint16_t>(at);
    case GgufType::kInt16:
      return load<int16_t>(at);
    case GgufType::kUint32:
      return load<uint32_t>(at);
    case GgufType::kInt32:
      return load<int32_t>(at);
    case GgufType::kInt64:
      return load<int64_t>(at);
    case GgufType::kUint64: {
      const auto value = load<uint64_t>(at);
      if (value > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
      return static_cast<int64_t>(value);
    }
    default:
      return std::nullopt;
  }
}

std::string number_text(GgufType type, const std::byte* at) {
  if (const auto value = load_int(type, at)) return std::to_string(*value);
  switch (type) {
    case GgufType::kUint64:
      return std::to_string(load<uint64_t>(at));
    case GgufType::kBool:
      return load<uint8_t>(at) != 0 ? "true" : "false";
    default: {
      const double value =
          type == GgufType::kFloat32 ? static_cast<double>(load<float>(at)) : load<double>(at);
      char text[32];
      std::snprintf(text, sizeof(text), "%.9g", value);
      return text;
    }
  }
}

}  // namespace

std::string_view gguf_type_name(GgufType type) {
  constexpr std::string_view kNames[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                         "bool", "string", "array", "u64", "i64", "f64"};
  return kNames[static_cast<size_t>(type)];
}

const GgufEntry* GgufFile::find(std::string_view key) const {
  const auto key_of = [&](uint32_t i) { return entries_[i].key; };
  const auto found = std::ranges::lower_bound(by_key_, key, {}, key_of);
  return found != by_key_.end() && key_of(*found) == key ? &entries_[*found] : nullptr;
}

Result<const GgufEntry*> GgufFile::require(std::string_view key) const {
  if (const GgufEntry* entry = find(key)) return entry;
  return fail(ErrorCode::kNotFound,
              label() + ": metadata entry " + quoted_name(key) + " is missing");
}

tl::unexpected<Error> GgufFile::wrong_type(const GgufEntry& entry, std::string_view wanted) const {
  std::string found(gguf_type_name(entry.type));
  if (entry.type == GgufType::kArray)
    found += " of " + std::string(gguf_type_name(entry.element_type));
  return fail(ErrorCode::kCorrupt, label() + ": metadata entry " + quoted_name(entry.key) + " is " +
                                       found + ", expected " + std::string(wanted));
}

Result<std::string_view> GgufFile::get_string(std::string_view key,
                                              std::optional<std::string_view> fallback) const {
  if (fallback && !contains(key)) return *fallback;
  QAIO_ASSIGN(const GgufEntry* entry, require(key));
  if (entry->type != GgufType::kString) return wrong_type(*entry, "a string");
  return text_of(entry->value);
}

Result<int64_t> GgufFile::get_int(std::string_view key, int64_t min, int64_t max,
                                  std::optional<int64_t> fallback) const {
  if (fallback && !contains(key)) return *fallback;
  QAIO_ASSIGN(const GgufEntry* entry, require(key));
  const std::optional<int64_t> value = load_int(entry->type, entry->value.data());
  if (!value && entry->type != GgufType::kUint64) return wrong_type(*entry, "an integer");
  if (!value || *value < min || *value > max) {
    return fail(ErrorCode::kCorrupt, label() + ": metadata entry " + quoted_name(key) + " is " +
                                         number_text(entry->type, entry->value.data()) +
                                         ", outside " + std::to_string(min) + " to " +
                                         std::to_string(max));
  }
  return *value;
}

Result<double> GgufFile::get_float(std::string_view key, std::optional<double> fallback) const {
  if (fallback && !contains(key)) return *fallback;
  QAIO_ASSIGN(const GgufEntry* entry, require(key));
  double value = 0;
  if (entry->type == GgufType::kFloat32) {
    value = static_cast<double>(load<float>(entry->value.data()));
  } else if (entry->type == GgufType::kFloat64) {
    value = load<double>(entry->value.data());
  } else {
    return wrong_type(*entry, "a floating-point number");
  }
  if (!std::isfinite(value)) {
    return fail(ErrorCode::kCorrupt,
                label() + ": metadata entry " + quoted_name(key) + " is not finite");
  }
  return value;
}

Result<bool> GgufFile::get_bool(std::string_view key, std::optional<bool> fallback) const {
  if (fallback && !contains(key)) return *fallback;
  QAIO_ASSIGN(const GgufEntry* entry, require(key));
  if (entry->type != GgufType::kBool) return wrong_type(*entry, "a boolean");
  return load<uint8_t>(entry->value.data()) != 0;
}

Result<std::vector<std::string_view>> GgufFile::get_string_array(std::string_view key) const {
  QAIO_ASSIGN(const GgufEntry* entry, require(key));
  if (entry->type != GgufType::kArray || entry->element_type != GgufType::kString) {
    return wrong_type(*entry, "an array of strings");
  }
  std::vector<std::string_view> strings;
  strings.reserve(entry->count);  // parse() has walked all of them
  const std::byte* at = entry->value.data();
  for (uint64_t i = 0; i < entry->count; ++i) {
    const auto length = load<uint64_t>(at);
    strings.push_back({reinterpret_cast<const char*>(at + sizeof(length)), length});
    at += sizeof(length) + length;
  }
  return strings;
}

Result<std::vector<int64_t>> GgufFile::get_int_array(std::string_view key) const {
  QAIO_ASSIGN(const GgufEntry* entry, require(key));
  if (entry->type != GgufType::kArray) return wrong_type(*entry, "an array of integers");
  std::vector<int64_t> numbers;
  numbers.reserve(entry->count);
  const uint64_t stride = gguf_scalar_bytes(entry->element_type);
  for (uint64_t i = 0; i < entry->count; ++i) {
    const auto number = load_int(entry->element_type, entry->value.data() + i * stride);
    if (!number) return wrong_type(*entry, "an array of integers");
    numbers.push_back(*number);
  }
  return numbers;
}

Result<std::vector<bool>> GgufFile::get_bool_array(std::string_view key) const {
  QAIO_ASSIGN(const GgufEntry* entry, require(key));
  if (entry->type != GgufType::kArray || entry->element_type != GgufType::kBool)
    return wrong_type(*entry, "an array of bools");
  std::vector<bool> flags;
  flags.reserve(entry->count);
  for (const std::byte flag : entry->value) flags.push_back(flag != std::byte{0});
  return flags;
}

std::string GgufFile::describe(const GgufEntry& entry, size_t chars_max) {
  if (entry.type == GgufType::kArray) {
    return "[" + std::to_string(entry.count) + " x " +
           std::string(gguf_type_name(entry.element_type)) + "]";
  }
  if (entry.type != GgufType::kString) return number_text(entry.type, entry.value.data());
  std::string text = "\"";
  for (const char c : text_of(entry.value)) {
    // A cut leaves no half character: continuation bytes, at most three, have the form 10xxxxxx.
    const bool continuation = (static_cast<unsigned char>(c) & 0xc0u) == 0x80u;
    if (text.size() > chars_max + (continuation ? 3 : 0)) {
      return printable(text, PrintableAs::kLine) + "...\"";
    }
    text += c;
  }
  return printable(text, PrintableAs::kLine) + "\"";
}

}  // namespace qaio
