// What holds of every tokenizer and every text, for fuzz targets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fuzz_for_test.h"
#include "base/utf8.h"
#include "text/normalize.h"
#include "text/tokenizer.h"

namespace qaio {

// As the streaming decoder gives it, which must be as the other one does.
inline void check_decoding(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  StreamingDetokenizer stream(tokenizer);
  std::string out;
  for (const TokenId id : ids) {
    const std::string piece = stream.push(id);
    require(valid_utf8_prefix(piece) == piece.size());
    out += piece;
  }
  out += stream.finish();
  require(out == replace_invalid_utf8(tokenizer.decode(ids)));
  require(stream.finish().empty());
}

inline void check_text(const Tokenizer& tokenizer, std::string_view text) {
  const auto ids = tokenizer.encode(text);
  for (const TokenId id : ids) {
    require(id >= 0 && id < tokenizer.size() && !tokenizer.is_special(id));
  }
  check_decoding(tokenizer, ids);
  std::string storage;
  if (valid_utf8_prefix(text) < text.size() || to_nfc(text, &storage) != text) return;
  require(tokenizer.decode(ids) == text);
  require(tokenizer.decode(tokenizer.encode_with_special(text), false) == text);
}

}  // namespace qaio
