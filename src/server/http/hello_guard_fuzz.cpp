// libFuzzer: any bytes as what a client of TLS sends in the clear, cut anywhere. How they come must
// not matter. The first byte says what the server knows, the second how the rest is cut.
#include <algorithm>
#include <span>

#include "base/fuzz_for_test.h"
#include "server/http/hello_guard.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const qaio::HelloGuard::Progress progress = {.answered = (data[0] & 1) != 0,
                                               .tls_1_3 = (data[0] & 2) != 0};
  const size_t piece = 1 + data[1];
  const std::span<const unsigned char> bytes(data + 2, size - 2);
  qaio::HelloGuard whole;
  qaio::HelloGuard cut;
  bool passed = true;
  for (size_t at = 0; at < bytes.size() && passed; at += piece) {
    passed = cut.take(bytes.subspan(at, std::min(piece, bytes.size() - at)), progress);
  }
  qaio::require(whole.take(bytes, progress) == passed);
  return 0;
}
