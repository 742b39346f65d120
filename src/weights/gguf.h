// GGUF files, versions 2 and 3, little-endian: metadata and tensors, borrowed from the mapped
// bytes. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_set.h"
#include "base/result.h"
#include "weights/tensor_table.h"

namespace qaio {

// Type ids of metadata values, as stored in the file.
enum class GgufType : uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

std::string_view gguf_type_name(GgufType type);

// One metadata entry. `value` are its bytes in the file: a scalar, a string's characters, or an
// array's elements one after another (strings each with their 8-byte length).
struct GgufEntry {
  std::string_view key;
  GgufType type = GgufType::kUint8;
  GgufType element_type = GgufType::kUint8;  // of arrays
  uint64_t count = 1;                        // elements of an array
  std::span<const std::byte> value;
};

// Whether the bytes begin as a GGUF file does, whatever its name.
bool is_gguf(std::span<const std::byte> bytes);

// Immutable; everything borrows the bytes given to parse(). Concurrent reads are safe.
class GgufFile {
 public:
  // Checks the whole structure: every count against the bytes left before anything is allocated,
  // every string, shape and offset; tensors lie inside the file and do not overlap; no key or
  // tensor name comes twice. Arrays of arrays are refused. `label` names the file in messages.
  // kCorrupt (also for truncated files) or kUnsupported (other versions, big-endian, foreign
  // metadata types). Tensors of ggml types outside TensorType become foreign entries of the table.
  static Result<GgufFile> parse(std::span<const std::byte> bytes, std::string label);

  // Files that belong together, as one: the metadata of the first, the tensors of all. kCorrupt,
  // naming file and key, unless each says (split.no, split.count, split.tensors.count) what it is.
  static Result<GgufFile> join(std::vector<GgufFile> parts);

  const TensorTable& tensors() const { return tensors_; }
  uint32_t version() const { return version_; }
  const std::string& label() const { return tensors_.label(); }

  // In file order.
  std::span<const GgufEntry> metadata() const { return entries_; }
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  // nullptr if absent.
  const GgufEntry* find(std::string_view key) const;

  // Typed access. An absent key gives `fallback` if there is one, else kNotFound; a value of
  // another type or out of bounds gives kCorrupt. The sentence names file, key and reason.
  // Strings are views into the file and may hold any bytes.
  Result<std::string_view> get_string(std::string_view key,
                                      std::optional<std::string_view> fallback = {}) const;
  // Any integer type; must lie in [min, max].
  Result<int64_t> get_int(std::string_view key, int64_t min, int64_t max,
                          std::optional<int64_t> fallback = {}) const;
  // Either floating-point type; must be finite.
  Result<double> get_float(std::string_view key, std::optional<double> fallback = {}) const;
  Result<bool> get_bool(std::string_view key, std::optional<bool> fallback = {}) const;
  // Arrays; absent is kNotFound.
  Result<std::vector<std::string_view>> get_string_array(std::string_view key) const;
  Result<std::vector<int64_t>> get_int_array(std::string_view key) const;
  Result<std::vector<bool>> get_bool_array(std::string_view key) const;

  // A value for people: `"qwen2"`, `24`, `[151936 strings]`; at most about `chars_max` characters.
  static std::string describe(const GgufEntry& entry, size_t chars_max = 60);

 private:
  Result<const GgufEntry*> require(std::string_view key) const;
  tl::unexpected<Error> wrong_type(const GgufEntry& entry, std::string_view wanted) const;

  uint32_t version_ = 0;
  std::vector<GgufEntry> entries_;
  std::vector<uint32_t> by_key_;  // indices into entries_, sorted by key
  TensorTable tensors_;
};

// The file of this name, and the other parts if its metadata (split.count) and its name
// ("...-00001- of-00003.gguf") say that it is one of several. kNotFound, naming it, if a part is
// missing.
Result<GgufFile> load_gguf(const FileSet& files, std::string_view name);

}  // namespace qaio
