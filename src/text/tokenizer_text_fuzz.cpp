// libFuzzer: any bytes as text for a small vocabulary and for that of the tests. The first byte
// says where a message begins that a template has around it, the second one after how many ids
// encoding may end.
#include <fstream>
#include <iterator>
#include <memory>

#include "text/test_vocabulary.h"
#include "text/tokenizer_checks_for_test.h"

namespace qaio {
namespace {

std::unique_ptr<Tokenizer> tokenizer_of_tests() {
  std::ifstream file(QAIO_SOURCE_DIR "/tests/data/tokenizer.json");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto loaded = Tokenizer::from_json(text);
  require(loaded.has_value());
  return std::move(*loaded);
}

// Tokens other than words come of what the template wrote, wherever a message says the same.
void check_spans(const Tokenizer& tokenizer, std::string_view text, size_t message_begin) {
  MarkedText rendered;
  const std::string_view before = text.substr(0, message_begin);
  rendered.append(before, TextOrigin::kTemplate);
  rendered.append(text.substr(before.size()), TextOrigin::kMessage);
  size_t at = 0;
  for (const Tokenizer::Span& span : tokenizer.spans(rendered)) {
    const size_t bytes = span.token ? tokenizer.token_bytes(*span.token).size() : span.text.size();
    if (span.token) require(rendered.is_template(at, at + bytes));
    if (!span.token) require(span.text == text.substr(at, bytes));
    at += bytes;
  }
  require(at == text.size());
}

void check_any_text(const Tokenizer& tokenizer, std::string_view text, size_t ids_max) {
  check_text(tokenizer, text);
  const auto ids = tokenizer.encode(text);
  const auto some = tokenizer.encode(text, ids_max);
  require(some.size() <= ids.size() && (ids.size() <= ids_max) == (some.size() <= ids_max));
  if (ids.size() <= ids_max) require(some == ids);
  if (valid_utf8_prefix(text) < text.size()) return;
  std::string storage;
  const std::string_view nfc = to_nfc(text, &storage);
  require(tokenizer.decode(ids) == nfc);
  std::string again;
  require(to_nfc(nfc, &again) == nfc);
}

}  // namespace
}  // namespace qaio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  static const auto small = Tokenizer::from_vocabulary(test_vocabulary()).value();
  static const auto tested = tokenizer_of_tests();
  FuzzInput input(data, size);
  const size_t message_begin = input.byte();
  const size_t ids_max = input.byte();
  const std::string_view text = input.rest();
  for (const Tokenizer* tokenizer : {small.get(), tested.get()}) {
    check_any_text(*tokenizer, text, ids_max);
    check_spans(*tokenizer, text, message_begin);
  }
  return 0;
}
