// libFuzzer: any bytes as a safetensors file, and the same bytes as a shard index.
#include <cstdlib>

#include "weights/dequantize.h"
#include "weights/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  const auto bytes = std::as_bytes(std::span(data, size));
  FileSet files;
  files.add("model.safetensors", bytes);
  files.add("model.safetensors.index.json", bytes);
  if (auto table = load_safetensors(files); !table && table.error().message.empty()) std::abort();

  auto file = parse_safetensors(bytes, "fuzz");
  if (!file) {
    if (file.error().message.empty()) std::abort();
    return 0;
  }
  std::vector<float> row;
  for (const TensorView& tensor : file->tensors.tensors()) {
    if (file->tensors.find(tensor.name) != &tensor) std::abort();
    row.resize(static_cast<size_t>(tensor.cols()));
    for (int64_t r = 0; r < tensor.rows(); ++r) {
      dequantize(tensor.type, tensor.row(r).data(), tensor.cols(), row.data());
    }
  }
  return 0;
}
