// libFuzzer: any bytes as an event stream; cut anywhere, the same events come out.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "load/answer_reader.h"
#include "load/sse_parser.h"

namespace qaio {
namespace {

std::vector<std::string> events_of(std::string_view bytes, size_t piece_bytes) {
  SseParser parser;
  std::vector<std::string> events;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(piece.size());
    const auto pushed = parser.push(
        piece, [&](const SseEvent& event) { events.push_back(event.name + '\0' + event.data); });
    if (!pushed) break;
  }
  return events;
}

}  // namespace
}  // namespace qaio

// The first byte says how the rest is cut and which endpoint it would come from.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t cut = size_t{1} + data[0] / 8;
  if (events_of(bytes, cut) != events_of(bytes, bytes.size())) std::abort();

  static constexpr const char* kPaths[] = {"/chat", "/v1/chat/completions", "/v1/completions"};
  FakeClock clock;
  RequestSample sample;
  AnswerReader reader(*api_of_path(kPaths[data[0] % 3]), clock, sample, nullptr);
  auto failure = reader.push(bytes);
  if (!failure) failure = reader.finish();
  if (failure && failure->detail.empty()) std::abort();
  if (sample.output_tokens() < 0) std::abort();
  return 0;
}
