// Reads Hugging Face's tokenizer.json. Every setting that would change the ids is either obeyed or
// refused by name.
#include <boost/json.hpp>

#include "text/bpe.h"
#include "text/tokenizer.h"
#include "text/tokenizer_config.h"
#include "text/tokenizer_json_parser.h"

namespace qaio {
namespace {

namespace json = boost::json;

tl::unexpected<Error> corrupt(std::string what) { return corrupt_tokenizer_json(std::move(what)); }
tl::unexpected<Error> unsupported(std::string what) {
  return unsupported_tokenizer_json(std::move(what));
}

// For messages: at most 60 bytes of a value, "nothing" if it is absent.
std::string shown(const json::value* value) {
  constexpr size_t kShown = 60;
  if (value == nullptr) return "nothing";
  if (value->is_object()) return "an object";
  if (value->is_array()) return "an array";
  std::string text = json::serialize(*value);
  if (text.size() > kShown) text.replace(kShown, std::string::npos, "...");
  return text;
}

// A member, or null if `object` is not an object or lacks it, or the member is JSON's null.
const json::value* member(const json::value* object, std::string_view name) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const json::value* found = object->get_object().if_contains(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

// A member's text, empty if it is absent or not a string.
std::string_view text_of(const json::value* object, std::string_view name) {
  const json::value* found = member(object, name);
  return found != nullptr && found->is_string() ? view(found->get_string()) : std::string_view();
}

// An optional flag. kCorrupt if it is there but neither true nor false.
Result<bool> flag(const json::value* object, std::string_view name, bool fallback) {
  const json::value* found = member(object, name);
  if (found == nullptr) return fallback;
  if (found->is_bool()) return found->get_bool();
  return corrupt(std::string(name) + " is " + shown(found) + " instead of true or false");
}

// For settings that must be off, e.g. lstrip, because they would change the ids.
Result<void> require_flag(const json::value* object, std::string_view name, bool wanted,
                          bool fallback) {
  QAIO_ASSIGN(const bool found, flag(object, name, fallback));
  if (found == wanted) return {};
  return unsupported(std::string(name) + " is " + (found ? "true" : "false") + "; only " +
                     (wanted ? "true" : "false") + " is supported");
}

// An id in [0, kTokensMax), otherwise kCorrupt.
Result<TokenId> read_id(const json::value* value, std::string_view spelling) {
  if (value != nullptr && value->is_int64() && value->get_int64() >= 0 &&
      value->get_int64() < static_cast<int64_t>(kTokensMax)) {
    return static_cast<TokenId>(value->get_int64());
  }
  return corrupt("the id of \"" + std::string(spelling.substr(0, 40)) + "\" is " + shown(value) +
                 "; an integer from 0 to " + std::to_string(kTokensMax - 1) + " is expected");
}

class Reader {
 public:
  explicit Reader(TokenizerJson file) : file_(std::move(file)), root_(file_.tree) {}

  Result<Vocabulary> read() {
    if (!root_.is_object()) return corrupt("it is " + shown(&root_) + " instead of an object");
    model_ = member(&root_, "model");
    if (model_ == nullptr || !model_->is_object()) {
      return corrupt("model is " + shown(model_) + " instead of an object");
    }
    QAIO_RETURN_IF_ERROR(read_model_settings());
    QAIO_RETURN_IF_ERROR(read_normalizer());
    QAIO_RETURN_IF_ERROR(read_pre_tokenizer());
    QAIO_RETURN_IF_ERROR(check_decoder());
    QAIO_RETURN_IF_ERROR(check_post_processor());
    if (!file_.has_vocab) {
      return corrupt("model.vocab is " + shown(member(model_, "vocab")) + " instead of an object");
    }
    if (!file_.has_merges) {
      return corrupt("model.merges is " + shown(member(model_, "merges")) + " instead of an array");
    }
    vocabulary_.tokens = std::move(file_.tokens);
    vocabulary_.merges = std::move(file_.merges);
    QAIO_RETURN_IF_ERROR(read_added_tokens());
    return std::move(vocabulary_);
  }

 private:
  Result<void> read_model_settings() {
    // Files written before model.type existed leave it out.
    const json::value* type = member(model_, "type");
    if (type != nullptr && text_of(model_, "type") != "BPE") {
      return unsupported("model.type is " + shown(type) + "; only \"BPE\" is supported");
    }
    const json::value* dropout = member(model_, "dropout");
    const bool drops = dropout != nullptr && !(dropout->is_int64() && dropout->get_int64() == 0) &&
                       !(dropout->is_double() && dropout->get_double() == 0);
    if (drops) return unsupported("model.dropout is " + shown(dropout) + "; only 0 is supported");
    for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      const json::value* affix = member(model_, name);
      if (affix != nullptr && !(affix->is_string() && affix->get_string().empty())) {
        return unsupported(std::string("model.") + name + " is " + shown(affix) +
                           "; only an empty one is supported");
      }
    }
    QAIO_ASSIGN(vocabulary_.ignore_merges, flag(model_, "ignore_merges", false));
    return {};
  }

  // null, NFC, or a sequence of one NFC.
  Result<void> read_normalizer() {
    const json::value* normalizer = member(&root_, "normalizer");
    if (text_of(normalizer, "type") == "Sequence") {
      const json::value* list = member(normalizer, "normalizers");
      if (list == nullptr || !list->is_array()) {
        return corrupt("normalizer.normalizers is " + shown(list) + " instead of an array");
      }
      if (list->get_array().size() > 1) {
        return unsupported("the normalizer has several steps; only NFC is supported");
      }
      normalizer = list->get_array().empty() ? nullptr : &list->get_array()[0];
    }
    vocabulary_.nfc = normalizer != nullptr;
    if (normalizer == nullptr || text_of(normalizer, "type") == "NFC") return {};
    return unsupported("normalizer.type is " + shown(member(normalizer, "type")) +
                       "; only \"NFC\" is supported");
  }

  // A Split by a pattern, then ByteLevel.
  Result<void> read_pre_tokenizer() {
    const json::value* pre = member(&root_, "pre_tokenizer");
    const json::value* list = member(pre, "pretokenizers");
    const bool sequence = text_of(pre, "type") == "Sequence" && list != nullptr &&
                          list->is_array() && list->get_array().size() == 2;
    const json::value* split = sequence ? &list->get_array()[0] : nullptr;
    const json::value* byte_level = sequence ? &list->get_array()[1] : nullptr;
    if (text_of(split, "type") != "Split" || text_of(byte_level, "type") != "ByteLevel") {
      return unsupported("pre_tokenizer is " + (pre == nullptr ? "nothing" : describe(*pre)) +
                         "; only a sequence of Split and ByteLevel is supported");
    }
    const json::value* regex = member(member(split, "pattern"), "Regex");
    if (regex == nullptr || !regex->is_string() || regex->get_string().empty()) {
      return unsupported("pre_tokenizer's Split pattern is not a regular expression");
    }
    vocabulary_.split_pattern = view(regex->get_string());
    if (text_of(split, "behavior") != "Isolated") {
      return unsupported("pre_tokenizer's Split behavior is " + shown(member(split, "behavior")) +
                         "; only \"Isolated\" is supported");
    }
    QAIO_RETURN_IF_ERROR(require_flag(split, "invert", false, false));
    // Hugging Face's defaults for ByteLevel are true, true.
    QAIO_RETURN_IF_ERROR(require_flag(byte_level, "add_prefix_space", false, true));
    return require_flag(byte_level, "use_regex", false, true);
  }

  static std::string describe(const json::value& step) {
    const json::value* type = member(&step, "type");
    const json::value* list = member(&step, "pretokenizers");
    if (list == nullptr || !list->is_array()) return "of type " + shown(type);
    return "a sequence of " + std::to_string(list->get_array().size()) + " steps";
  }

  Result<void> check_decoder() const {
    const json::value* decoder = member(&root_, "decoder");
    if (text_of(decoder, "type") == "ByteLevel") return {};
    return unsupported("decoder.type is " + shown(member(decoder, "type")) +
                       "; only \"ByteLevel\" is supported");
  }

  // Tokens before or behind every text: refused, alone or as a step of several.
  Result<void> check_post_processor() const {
    const json::value* post = member(&root_, "post_processor");
    const json::value* list = member(post, "processors");
    if (list == nullptr || !list->is_array()) return check_template_of(post);
    for (const json::value& step : list->get_array())
      QAIO_RETURN_IF_ERROR(check_template_of(&step));
    return {};
  }
  static Result<void> check_template_of(const json::value* post) {
    const json::value* single = member(post, "single");
    if (text_of(post, "type") != "TemplateProcessing" || single == nullptr || !single->is_array())
      return {};
    for (const json::value& piece : single->get_array()) {
      const json::value* token = member(&piece, "SpecialToken");
      if (token == nullptr) continue;
      return unsupported("post_processor adds the token " + shown(member(token, "id")) +
                         " to every text, which is not supported");
    }
    return {};
  }

  Result<void> read_added_tokens() {
    const json::value* added = member(&root_, "added_tokens");
    if (added == nullptr) return {};
    if (!added->is_array()) return corrupt("added_tokens is " + shown(added));
    if (added->get_array().size() > kTokensMax) {
      return unsupported("added_tokens has more than 2^20 entries");
    }
    for (const json::value& entry : added->get_array()) {
      const json::value* content = member(&entry, "content");
      if (content == nullptr || !content->is_string()) {
        return corrupt("added token " + std::to_string(vocabulary_.added.size()) +
                       " has the content " + shown(content) + " instead of a string");
      }
      Vocabulary::AddedToken token;
      token.content = view(content->get_string());
      QAIO_ASSIGN(token.id, read_id(member(&entry, "id"), token.content));
      QAIO_ASSIGN(token.special, flag(&entry, "special", false));
      QAIO_ASSIGN(token.normalized, flag(&entry, "normalized", !token.special));
      for (const char* name : {"single_word", "lstrip", "rstrip"}) {
        QAIO_RETURN_IF_ERROR(require_flag(&entry, name, false, false));
      }
      vocabulary_.added.push_back(std::move(token));
    }
    return {};
  }

  TokenizerJson file_;
  const json::value& root_;
  const json::value* model_ = nullptr;
  Vocabulary vocabulary_;
};

}  // namespace

Result<std::unique_ptr<Tokenizer>> Tokenizer::from_json(std::string_view tokenizer_json,
                                                        std::string_view tokenizer_config_json) {
  QAIO_ASSIGN(TokenizerJson file, parse_tokenizer_json(tokenizer_json));
  QAIO_ASSIGN(Vocabulary vocabulary, Reader(std::move(file)).read());
  if (!tokenizer_config_json.empty()) {
    QAIO_RETURN_IF_ERROR(add_configured_tokens(tokenizer_config_json, &vocabulary));
  }
  return from_vocabulary(vocabulary);
}

}  // namespace qaio
