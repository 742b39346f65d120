// libFuzzer: any bytes as a packed file. Most inputs would stop at the checksum, so it is put right
// first; what then loads must have every matrix inside the bytes. The first two bytes say how many
// times 64 bytes of weights follow, which begin after 2 MiB and are zeros; without any the file
// ends with the input.
#include <cstring>

#include "base/fuzz_for_test.h"
#include "base/huge_buffer.h"
#include "model/packed_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  constexpr size_t kWeightsBegin = 2 << 20;
  FuzzInput input(data, size);
  const size_t weights = input.byte() + size_t{256} * input.byte();
  const std::string_view head = input.bytes(kWeightsBegin);
  const size_t bytes_count = weights == 0 ? head.size() : kWeightsBegin + weights * 64;
  auto buffer = HugeBuffer::allocate(bytes_count);
  if (!buffer) return 0;
  std::copy(head.begin(), head.end(), reinterpret_cast<char*>(buffer->data()));
  const std::span bytes(buffer->data(), bytes_count);
  repair_packed_checksum(bytes);
  const auto model = read_packed_file(bytes, "fuzz");
  if (!model) {
    require(model.error().message.starts_with("fuzz: "));
    return 0;
  }
  std::vector<float> row(static_cast<size_t>(model->config.hidden));
  unpack_row(model->weights.embedding, model->config.vocab - 1, row.data());
  unpack_row(model->weights.head, model->config.vocab - 1, row.data());
  static_cast<void>(model->tokenizer->encode("hello"));
  return 0;
}
