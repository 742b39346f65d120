// Hand-built model files for tests: bytes as the formats' documents say, wrong ones included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qaio::testing_files {

// A growing little-endian byte string.
class Bytes {
 public:
  Bytes& u8(uint8_t value) { return number(value); }
  Bytes& u32(uint32_t value) { return number(value); }
  Bytes& u64(uint64_t value) { return number(value); }
  Bytes& i32(int32_t value) { return number(value); }
  Bytes& f32(float value) { return number(value); }
  Bytes& raw(std::string_view value) {
    text_ += value;
    return *this;
  }
  Bytes& string(std::string_view value) { return u64(value.size()).raw(value); }
  Bytes& zeros(size_t count) {
    text_.append(count, '\0');
    return *this;
  }
  Bytes& align(size_t alignment) {
    return zeros((alignment - text_.size() % alignment) % alignment);
  }
  template <typename Number>
  Bytes& number(Number value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  const std::string& text() const { return text_; }
  std::span<const std::byte> span() const { return std::as_bytes(std::span(text_)); }

 private:
  std::string text_;
};

// Magic, version and counts.
inline Bytes gguf_start(uint64_t tensors, uint64_t entries, uint32_t version = 3) {
  return Bytes().raw("GGUF").u32(version).u64(tensors).u64(entries);
}

// A safetensors file of this header and so many bytes of data.
inline Bytes safetensors_file(std::string_view header, size_t data_bytes) {
  return Bytes().u64(header.size()).raw(header).zeros(data_bytes);
}

// The same text in memory of exactly its size, so that a sanitizer sees any read beyond it.
inline std::vector<std::byte> exact_copy(std::span<const std::byte> bytes) {
  std::vector<std::byte> copy(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.data(), bytes.data(), bytes.size());
  return copy;
}

}  // namespace qaio::testing_files
