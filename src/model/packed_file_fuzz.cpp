// libFuzzer: any bytes as a packed file. Most inputs would stop at the checksum, so it is put right
// first; what then loads must have every matrix inside the bytes.
#include <cstdlib>
#include <cstring>

#include "base/huge_buffer.h"
#include "model/packed_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  auto buffer = HugeBuffer::allocate(size);
  if (!buffer) return 0;
  if (size > 0) std::memcpy(buffer->data(), data, size);
  const std::span bytes(buffer->data(), size);
  repair_packed_checksum(bytes);
  const auto model = read_packed_file(bytes, "fuzz");
  if (!model) {
    if (!model.error().message.starts_with("fuzz: ")) std::abort();
    return 0;
  }
  std::vector<float> row(static_cast<size_t>(model->config.hidden));
  unpack_row(model->weights.embedding, model->config.vocab - 1, row.data());
  unpack_row(model->weights.head, model->config.vocab - 1, row.data());
  (void)model->tokenizer->encode("hello");
  return 0;
}
