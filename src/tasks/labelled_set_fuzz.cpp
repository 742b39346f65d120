// libFuzzer: any bytes as a file of labelled texts.
#include <algorithm>

#include "base/fuzz_for_test.h"
#include "base/utf8.h"
#include "tasks/labelled_set.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  const std::string_view content = fuzz_text(data, size);
  const std::vector<std::string> labels = {"good", "bad", "1", "true"};
  const LabelledFormat format = {.label_names = {{"0", "bad"}}};
  const auto texts = parse_labelled(content, format, labels);
  if (!texts) {
    require(texts.error().code == ErrorCode::kInvalidArgument && !texts.error().message.empty());
    return 0;
  }
  require(!texts->empty());
  size_t line = 0;
  for (const LabelledText& text : *texts) {
    require(!text.text.empty() && valid_utf8_prefix(text.text) == text.text.size());
    require(std::ranges::find(labels, text.label) != labels.end());
    require(text.line > line);
    line = text.line;
  }
  return 0;
}
