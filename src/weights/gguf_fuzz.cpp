// libFuzzer: any bytes as a GGUF file, every accessor used on what parses; after a first byte of
// 'S' as two parts of one, the second of as many bytes as the two bytes behind it say.
#include <algorithm>
#include <cstdlib>

#include "weights/dequantize.h"
#include "weights/gguf.h"

namespace {

void load_parts(std::span<const std::byte> bytes) {
  using namespace qaio;
  if (bytes.size() < 3) return;
  const size_t length = std::to_integer<size_t>(bytes[1]) + std::to_integer<size_t>(bytes[2]) * 256;
  bytes = bytes.subspan(3);
  const size_t second = std::min(length, bytes.size());
  FileSet files;
  files.add("m-00001-of-00002.gguf", bytes.first(bytes.size() - second));
  files.add("m-00002-of-00002.gguf", bytes.last(second));
  auto file = load_gguf(files, "m-00002-of-00002.gguf");
  if (!file && file.error().message.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  const auto bytes = std::as_bytes(std::span(data, size));
  if (size > 0 && data[0] == 'S') load_parts(bytes);
  auto file = GgufFile::parse(bytes, "fuzz");
  if (!file) {
    if (file.error().message.empty()) std::abort();
    return 0;
  }
  for (const GgufEntry& entry : file->metadata()) {
    if (file->find(entry.key) != &entry) std::abort();
    (void)GgufFile::describe(entry);
    (void)file->get_string(entry.key);
    (void)file->get_int(entry.key, -1000, 1000);
    (void)file->get_float(entry.key);
    (void)file->get_bool(entry.key);
    (void)file->get_int_array(entry.key);
    (void)file->get_string_array(entry.key);
  }
  std::vector<float> row;
  for (const TensorView& tensor : file->tensors().tensors()) {
    if (file->tensors().find(tensor.name) != &tensor) std::abort();
    row.resize(static_cast<size_t>(tensor.cols()));
    for (int64_t r = 0; r < tensor.rows(); ++r) {
      dequantize(tensor.type, tensor.row(r).data(), tensor.cols(), row.data());
    }
  }
  return 0;
}
