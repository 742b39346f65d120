// libFuzzer: any bytes as the body of a completion; the first one says of which kind.
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "server/api/openai_request.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const ApiLimits limits;
  const auto read = data[0] % 2 == 0 ? read_chat_completion : read_completion;
  const Result<OpenAiRequest> request = read(body, SamplingParams(), limits);
  if (!request) {
    check(request.error().code == ErrorCode::kInvalidArgument);
    check(!request.error().message.empty());
    return 0;
  }
  // What passes is within the limits that the layers below are promised.
  const SamplingParams& sampling = request->sampling;
  check(std::isfinite(sampling.temperature) && sampling.temperature >= 0);
  check(sampling.top_p > 0 && sampling.top_p <= 1);
  check(sampling.top_k >= 0 && sampling.logit_bias.size() <= kLogitBiasMax);
  check(request->stops.size() <= kStopsMax && request->choices.size() <= kClassifyLabelsMax);
  check(!request->max_new_tokens ||
        (*request->max_new_tokens >= 1 || *request->max_new_tokens == kAsManyAsFit));
  check(!request->chat ||
        (!request->messages.empty() && request->messages.size() <= limits.messages_max));
  return 0;
}
