// libFuzzer: any bytes as a tokenizer.json; what loads tokenizes any text and loses nothing.
#include "text/tokenizer_checks_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  const std::string_view input = fuzz_text(data, size);
  const auto tokenizer = Tokenizer::from_json(input);
  if (!tokenizer) {
    require(!tokenizer.error().message.empty());
    return 0;
  }
  check_text(**tokenizer, input.substr(0, 512));
  check_text(**tokenizer, "Hello, 世界! <|im_start|> it's e\xCC\x81 \xFF\xE4\xB8 42\r\n  ");
  // As a packed file keeps it.
  const auto again = Tokenizer::from_tables((*tokenizer)->tables());
  require(again.has_value());
  require((*again)->encode(input.substr(0, 512)) == (*tokenizer)->encode(input.substr(0, 512)));
  return 0;
}
