// libFuzzer: any numbers as token ids, two bytes each, of which some are out of range.
#include "text/test_vocabulary.h"
#include "text/tokenizer_checks_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  static const auto tokenizer = Tokenizer::from_vocabulary(test_vocabulary()).value();
  FuzzInput input(data, size);
  std::vector<TokenId> ids;
  while (!input.empty()) {
    const int low = input.byte();
    const int high = input.byte();
    // Mostly ids that there are; the others lie far below and above them.
    ids.push_back(high < 0xF0 ? (low + 256 * (high % 2)) % (tokenizer->size() + 1)
                              : (high - 0xF8) * (1 << 27) + low);
  }
  check_decoding(*tokenizer, ids);
  std::string bytes;
  std::string words;
  for (const TokenId id : ids) {
    bytes += tokenizer->token_bytes(id);
    if (!tokenizer->is_special(id)) words += tokenizer->token_bytes(id);
  }
  require(tokenizer->decode(ids, false) == bytes);
  require(tokenizer->decode(ids) == words);
  return 0;
}
