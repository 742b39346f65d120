// The first half of reading tokenizer.json: from text to a small tree plus the two big lists.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace qaio {

struct TokenizerJson {
  // Everything but the contents of model.vocab (an object) and model.merges (an array): null
  // stands in their place.
  boost::json::value tree;
  bool has_vocab = false;  // model.vocab is there and is an object
  bool has_merges = false;
  std::vector<std::string> tokens;  // index = id; empty: no token has this id
  std::vector<std::string> merges;  // "left right", from either of the forms files use
};

// kCorrupt or kUnsupported, with a sentence that begins with "tokenizer.json: ".
Result<TokenizerJson> parse_tokenizer_json(std::string_view text);

tl::unexpected<Error> corrupt_tokenizer_json(std::string what);
tl::unexpected<Error> unsupported_tokenizer_json(std::string what);

}  // namespace qaio
