#include "weights/gguf_writer.h"

#include "weights/gguf_format.h"

namespace qaio {
namespace {

constexpr uint32_t kVersion = 3;
constexpr int64_t kAlignment = 32;  // the format's default

template <typename Number>
void append(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

void append_string(std::string& out, std::string_view text) {
  append(out, static_cast<uint64_t>(text.size()));
  out += text;
}

}  // namespace

void GgufWriter::add_key(std::string_view key, GgufType type) {
  append_string(metadata_, key);
  append(metadata_, static_cast<uint32_t>(type));
  ++entry_count_;
}

void GgufWriter::add_string(std::string_view key, std::string_view value) {
  add_key(key, GgufType::kString);
  append_string(metadata_, value);
}

void GgufWriter::add_uint(std::string_view key, uint32_t value) {
  add_key(key, GgufType::kUint32);
  append(metadata_, value);
}

void GgufWriter::add_float(std::string_view key, float value) {
  add_key(key, GgufType::kFloat32);
  append(metadata_, value);
}

void GgufWriter::add_bool(std::string_view key, bool value) {
  add_key(key, GgufType::kBool);
  append(metadata_, static_cast<uint8_t>(value ? 1 : 0));
}

void GgufWriter::add_strings(std::string_view key, std::span<const std::string> values) {
  add_key(key, GgufType::kArray);
  append(metadata_, static_cast<uint32_t>(GgufType::kString));
  append(metadata_, static_cast<uint64_t>(values.size()));
  for (const std::string& value : values) append_string(metadata_, value);
}

void GgufWriter::add_ints(std::string_view key, std::span<const int32_t> values) {
  add_key(key, GgufType::kArray);
  append(metadata_, static_cast<uint32_t>(GgufType::kInt32));
  append(metadata_, static_cast<uint64_t>(values.size()));
  for (const int32_t value : values) append(metadata_, value);
}

void GgufWriter::add_bools(std::string_view key, const std::vector<bool>& values) {
  add_key(key, GgufType::kArray);
  append(metadata_, static_cast<uint32_t>(GgufType::kBool));
  append(metadata_, static_cast<uint64_t>(values.size()));
  for (const bool value : values) append(metadata_, static_cast<uint8_t>(value ? 1 : 0));
}

void GgufWriter::add_tensor(std::string_view name, TensorType type,
                            std::span<const int64_t> shape) {
  append_string(declarations_, name);
  append(declarations_, static_cast<uint32_t>(shape.size()));
  int64_t elements = 1;
  for (size_t i = shape.size(); i-- > 0;) {  // the file has the innermost extent first
    append(declarations_, static_cast<uint64_t>(shape[i]));
    elements *= shape[i];
  }
  append(declarations_, ggml_type_number(type));
  append(declarations_, static_cast<uint64_t>(data_bytes_));
  ++tensor_count_;
  data_bytes_ += tensor_bytes(type, elements);
  data_bytes_ += padding_bytes(data_bytes_);
}

std::string GgufWriter::header() const {
  std::string out = "GGUF";
  append(out, kVersion);
  append(out, tensor_count_);
  append(out, entry_count_);
  out += metadata_;
  out += declarations_;
  out.append(static_cast<size_t>(padding_bytes(static_cast<int64_t>(out.size()))), '\0');
  return out;
}

int64_t GgufWriter::padding_bytes(int64_t data_bytes) {
  return (kAlignment - data_bytes % kAlignment) % kAlignment;
}

}  // namespace qaio
