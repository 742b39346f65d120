// Fuzzes everything a tokenizer.json and a prompt can reach: no input may crash, hang or lose text.
// Build with the preset fuzz; run: tokenizer_json_fuzz -max_len=8192 -timeout=10 CORPUS_DIR
// A small tokenizer.json in CORPUS_DIR gets it past the parser at once.
//
// The input is a tokenizer.json, or, after a first byte of 'T', text for a built-in vocabulary.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "text/normalize.h"
#include "text/test_vocabulary.h"
#include "text/tokenizer.h"

namespace qaio {
namespace {

// A broken promise must stop the fuzzer.
void require(bool promise) {
  if (!promise) std::abort();
}

std::string stream_all(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  StreamingDetokenizer stream(tokenizer);
  std::string out;
  for (const TokenId id : ids) {
    const std::string piece = stream.push(id);
    require(valid_utf8_prefix(piece) == piece.size());
    out += piece;
  }
  return out + stream.finish();
}

void check_text(const Tokenizer& tokenizer, std::string_view text) {
  const auto ids = tokenizer.encode(text);
  for (const TokenId id : ids) {
    require(id >= 0 && id < tokenizer.size() && !tokenizer.is_special(id));
  }
  require(stream_all(tokenizer, ids) == replace_invalid_utf8(tokenizer.decode(ids)));
  std::string storage;
  if (valid_utf8_prefix(text) < text.size() || to_nfc(text, &storage) != text) return;
  require(tokenizer.decode(ids) == text);
  require(tokenizer.decode(tokenizer.encode_with_special(text), false) == text);
}

void check_built_in(std::string_view text) {
  static const auto tokenizer = Tokenizer::from_vocabulary(test_vocabulary());
  require(tokenizer.has_value());
  check_text(**tokenizer, text);
  if (valid_utf8_prefix(text) < text.size()) return;
  std::string storage;
  const std::string_view nfc = to_nfc(text, &storage);
  require((*tokenizer)->decode((*tokenizer)->encode(text)) == nfc);
  std::string again;
  require(to_nfc(nfc, &again) == nfc);
}

}  // namespace
}  // namespace qaio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.starts_with('T')) {
    qaio::check_built_in(input.substr(1));
    return 0;
  }
  const auto tokenizer = qaio::Tokenizer::from_json(input);
  if (!tokenizer) return 0;
  qaio::check_text(**tokenizer, input.substr(0, 512));
  qaio::check_text(**tokenizer, "Hello, 世界! <|im_start|> it's e\xCC\x81 \xFF\xE4\xB8 42\r\n  ");
  return 0;
}
