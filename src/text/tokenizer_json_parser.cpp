// A real file has 150,000 tokens and as many merges. A tree of them would take 40 MB, most of the
// loading time and serve only to be copied, so these two lists are caught as the parser meets them.
#include "text/tokenizer_json_parser.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/wrong_content.h"
#include "text/bpe.h"
#include "text/in_quotes.h"

namespace qaio {
namespace {

namespace json = boost::json;
using boost::system::error_code;

constexpr size_t kNestingMax = 32;

// Receives the parser's events. Every on_...() returns false after setting the error to stop.
class Handler {
 public:
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;
  static constexpr size_t max_string_size = SIZE_MAX;

  explicit Handler(size_t file_bytes) {
    // A guess at the lists' lengths: an entry takes 20 to 30 bytes. Growing would copy them.
    result_.tokens.reserve(std::min(file_bytes / 24, kTokensMax));
    result_.merges.reserve(std::min(file_bytes / 24, kTokensMax));
  }

  TokenizerJson take() {
    result_.tree = stack_.release();
    return std::move(result_);
  }
  // Set when a handler stopped the parser: the parser's own code says nothing then.
  const std::optional<Error>& error() const { return error_; }

  bool on_document_begin(error_code&) {
    stack_.reset();
    return true;
  }
  bool on_document_end(error_code&) { return true; }

  bool on_object_begin(error_code& ec) {
    if (where_ != Where::kTree) return unexpected("an object", ec);
    if (++depth_ == 3 && at("vocab")) {
      if (std::exchange(result_.has_vocab, true)) return stop(corrupt("model.vocab twice"), ec);
      where_ = Where::kVocab;
    }
    return true;
  }
  bool on_object_end(size_t size, error_code&) {
    --depth_;
    if (std::exchange(where_, Where::kTree) == Where::kVocab) {
      stack_.push_null();
    } else {
      stack_.push_object(size);
    }
    return true;
  }
  bool on_array_begin(error_code& ec) {
    if (where_ == Where::kMerges) {
      where_ = Where::kMergePair;
      pair_parts_ = 0;
      return add_merge({}, ec);
    }
    if (where_ != Where::kTree) return unexpected("an array", ec);
    if (++depth_ == 3 && at("merges")) {
      if (std::exchange(result_.has_merges, true)) return stop(corrupt("model.merges twice"), ec);
      where_ = Where::kMerges;
    }
    return true;
  }
  bool on_array_end(size_t size, error_code& ec) {
    if (where_ == Where::kMergePair) {
      where_ = Where::kMerges;
      return pair_parts_ == 2 || stop(corrupt("merge " + merge_number() + " has " +
                                              std::to_string(pair_parts_) + " parts"),
                                      ec);
    }
    --depth_;
    if (std::exchange(where_, Where::kTree) == Where::kMerges) {
      stack_.push_null();
    } else {
      stack_.push_array(size);
    }
    return true;
  }

  bool on_key_part(json::string_view part, size_t, error_code&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, size_t, error_code&) {
    text_.append(part.data(), part.size());
    if (where_ == Where::kVocab) {
      spelling_.swap(text_);
    } else {
      stack_.push_key(text_);
      if (depth_ <= 2) (depth_ == 1 ? section_ : key_) = text_;
      if (depth_ == 1) key_.clear();
    }
    text_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, size_t, error_code&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, size_t, error_code& ec) {
    text_.append(part.data(), part.size());
    const bool ok = take_string(ec);
    text_.clear();
    return ok;
  }

  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(int64_t number, json::string_view, error_code& ec) {
    if (where_ == Where::kVocab) return add_token(number, ec);
    if (where_ != Where::kTree) return unexpected(std::to_string(number), ec);
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(uint64_t number, json::string_view, error_code& ec) {
    if (where_ != Where::kTree) return unexpected(std::to_string(number), ec);
    stack_.push_uint64(number);
    return true;
  }
  bool on_double(double number, json::string_view text, error_code& ec) {
    if (where_ != Where::kTree) return unexpected(std::string(text), ec);
    stack_.push_double(number);
    return true;
  }
  bool on_bool(bool flag, error_code& ec) {
    if (where_ != Where::kTree) return unexpected(flag ? "true" : "false", ec);
    stack_.push_bool(flag);
    return true;
  }
  bool on_null(error_code& ec) {
    if (where_ != Where::kTree) return unexpected("null", ec);
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

 private:
  enum class Where { kTree, kVocab, kMerges, kMergePair };

  static tl::unexpected<Error> corrupt(std::string what) {
    return corrupt_tokenizer_json(std::move(what));
  }

  bool at(std::string_view key) const { return section_ == "model" && key_ == key; }
  std::string merge_number() const { return std::to_string(result_.merges.size()); }

  bool stop(tl::unexpected<Error> error, error_code& ec) {
    error_ = std::move(error.value());
    ec = json::error::syntax;
    return false;
  }
  bool unexpected(const std::string& found, error_code& ec) {
    if (where_ == Where::kVocab) {
      return stop(corrupt("the id of " + in_quotes(spelling_) + " is " + found), ec);
    }
    return stop(corrupt("merge " + merge_number() + " is or holds " + found +
                        " instead of a string or an array of two"),
                ec);
  }

  bool take_string(error_code& ec) {
    switch (where_) {
      case Where::kTree:
        stack_.push_string(text_);
        return true;
      case Where::kMerges:
        return add_merge(text_, ec);
      case Where::kMergePair: {
        std::string& merge = result_.merges.back();
        if (pair_parts_++ > 0) merge.push_back(' ');
        merge.append(text_);
        return true;
      }
      case Where::kVocab:
        break;
    }
    return unexpected(in_quotes(text_), ec);
  }

  bool add_merge(std::string_view merge, error_code& ec) {
    if (result_.merges.size() == kMergesMax) {
      return stop(unsupported_tokenizer_json("more than 2^24 - 1 merges"), ec);
    }
    result_.merges.emplace_back(merge);
    return true;
  }

  bool add_token(int64_t id, error_code& ec) {
    if (id < 0 || id >= static_cast<int64_t>(kTokensMax)) {
      return stop(corrupt("the id of " + in_quotes(spelling_) + " is " + std::to_string(id) +
                          "; 0 to " + std::to_string(kTokensMax - 1) + " are possible"),
                  ec);
    }
    if (spelling_.empty()) return stop(corrupt("a token of model.vocab is spelled \"\""), ec);
    auto& tokens = result_.tokens;
    const auto index = static_cast<size_t>(id);
    if (index >= tokens.size()) tokens.resize(index + 1);
    if (!tokens[index].empty()) {
      return stop(corrupt("the tokens " + in_quotes(tokens[index]) + " and " +
                          in_quotes(spelling_) + " share the id " + std::to_string(id)),
                  ec);
    }
    tokens[index] = spelling_;
    return true;
  }

  TokenizerJson result_;
  json::value_stack stack_;
  std::optional<Error> error_;
  Where where_ = Where::kTree;
  int depth_ = 0;         // of objects and arrays around the next value; lists above excluded
  std::string section_;   // the last key at depth 1, e.g. "model"
  std::string key_;       // the last key at depth 2, e.g. "vocab"
  std::string text_;      // of the key or string being read
  std::string spelling_;  // the last key in model.vocab
  int pair_parts_ = 0;
};

}  // namespace

tl::unexpected<Error> corrupt_tokenizer_json(std::string what) {
  return fail(ErrorCode::kCorrupt, "tokenizer.json: " + std::move(what));
}
tl::unexpected<Error> unsupported_tokenizer_json(std::string what) {
  return fail(ErrorCode::kUnsupported, "tokenizer.json: " + std::move(what));
}

Result<TokenizerJson> parse_tokenizer_json(std::string_view text) {
  if (const auto wrong = wrong_content(text)) return corrupt_tokenizer_json(*wrong);
  text = without_byte_order_mark(text);
  json::parse_options options;
  options.max_depth = kNestingMax;
  json::basic_parser<Handler> parser(options, text.size());
  error_code ec;
  const size_t parsed = parser.write_some(false, text.data(), text.size(), ec);
  if (parser.handler().error()) return tl::unexpected(*parser.handler().error());
  if (!ec && parsed < text.size()) ec = json::error::extra_data;
  if (ec) {
    return corrupt_tokenizer_json("not valid JSON at byte " + std::to_string(parsed) + ": " +
                                  ec.message());
  }
  return parser.handler().take();
}

}  // namespace qaio
