// libFuzzer: any stop strings and any text, cut anywhere, end where a plain search says. The first
// byte is the number of stop strings, the second how the text is cut; zero bytes divide them.
#include <string>
#include <vector>

#include "base/fuzz_for_test.h"
#include "engine/request.h"
#include "engine/stop_strings.h"

namespace qaio {
namespace {

// The text before the stop string that ends first, the longest of those that end together.
std::string text_before(const std::vector<std::string>& stops, std::string_view text, bool& found) {
  for (size_t end = 1; end <= text.size(); ++end) {
    size_t longest = 0;
    for (const std::string& stop : stops) {
      if (text.substr(0, end).ends_with(stop)) longest = std::max(longest, stop.size());
    }
    found = longest > 0;
    if (found) return std::string(text.substr(0, end - longest));
  }
  return std::string(text);
}

}  // namespace
}  // namespace qaio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  FuzzInput input(data, size);
  const size_t count = input.byte() % (kStopsMax + 1);
  const size_t piece_bytes = input.byte() % 16 + 1;
  std::vector<std::string> stops;
  while (stops.size() < count && !input.empty()) {
    const std::string_view stop = input.part('\0').substr(0, kStopBytesMax);
    if (!stop.empty()) stops.emplace_back(stop);
  }
  const std::string_view text = input.bytes(2048);
  StopStrings searcher(stops);
  std::string out;
  for (size_t at = 0; at < text.size(); at += piece_bytes) {
    out += searcher.push(text.substr(at, piece_bytes));
  }
  if (!searcher.found()) out += searcher.finish();
  bool found = false;
  require(out == text_before(stops, text, found));
  require(searcher.found() == found);
  return 0;
}
