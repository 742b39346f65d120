#include "app/model_fingerprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/model_files.h"

namespace qaio {
namespace {

constexpr size_t kBlocks = 64;
constexpr size_t kBlockBytes = 4096;

class Fnv1a {
 public:
  void add(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) {
      hash_ = (hash_ ^ static_cast<uint64_t>(byte)) * 0x100000001b3;
    }
  }
  void add(uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      const auto byte = static_cast<std::byte>(number >> shift);
      add({&byte, 1});
    }
  }
  uint64_t hash() const { return hash_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325;
};

void add_file(std::span<const std::byte> bytes, Fnv1a& hash) {
  hash.add(bytes.size());
  if (bytes.size() <= kBlocks * kBlockBytes) return hash.add(bytes);
  const size_t last = bytes.size() - kBlockBytes;
  for (size_t i = 0; i < kBlocks; ++i) {
    // last * i would overflow only beyond 2^58 bytes
    hash.add(bytes.subspan(last * i / (kBlocks - 1), kBlockBytes));
  }
}

}  // namespace

std::string model_fingerprint(const FileSet& files) {
  Fnv1a hash;
  for (const std::string& name : names_of_model(files)) add_file(files.bytes(name), hash);
  return fmt::format("{:016x}", hash.hash());
}

}  // namespace qaio
