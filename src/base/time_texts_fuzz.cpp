// libFuzzer: any bytes as a length of time and as a moment; what is accepted can be written again.
#include "base/duration_text.h"
#include "base/fuzz_for_test.h"
#include "base/time_argument.h"
#include "base/utc_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  constexpr int64_t kNow = 1'790'000'000'000;
  const std::string_view text = fuzz_text(data, size);
  if (const auto ns = parse_duration(text)) {
    require(*ns >= 0);
    require(parse_duration(duration_text(*ns)) == ns);
  }
  const auto moment = parse_time(text, kNow);
  if (!moment) {
    require(!moment.error().message.empty());
    return 0;
  }
  if (*moment < 0 || *moment > 253'402'300'799'999) return 0;  // years of four digits
  require(parse_time(utc_text(*moment), kNow).value_or(-1) == *moment);
  return 0;
}
