#include "text/vocabulary_files.h"

#include <set>
#include <string>
#include <utility>

#include "base/json.h"
#include "base/wrong_content.h"
#include "text/bpe.h"
#include "text/in_quotes.h"

namespace qaio {
namespace {

namespace json = boost::json;

constexpr const char* kVocab = "vocab.json";
constexpr const char* kMerges = "merges.txt";
constexpr const char* kConfig = "tokenizer_config.json";
constexpr const char* kAdded = "added_tokens.json";
constexpr const char* kSpecialMap = "special_tokens_map.json";

tl::unexpected<Error> corrupt(const char* file, const std::string& what) {
  return fail(ErrorCode::kCorrupt, std::string(file) + ": " + what);
}

// An object's members; none for an empty text.
Result<json::object> read_object(std::string_view text, const char* file) {
  if (text.empty()) return json::object();
  QAIO_ASSIGN(json::value value, parse_json(text, file));
  if (!value.is_object()) return corrupt(file, "is not a JSON object");
  return std::move(value.get_object());
}

Result<TokenId> read_id(const json::value& value, std::string_view spelling, const char* file) {
  const int64_t* id = value.if_int64();
  if (id != nullptr && *id >= 0 && *id < static_cast<int64_t>(kTokensMax))
    return static_cast<TokenId>(*id);
  return corrupt(file, "the id of " + in_quotes(spelling) + " is not a whole number from 0 to " +
                           std::to_string(kTokensMax - 1));
}

Result<std::vector<std::string>> read_vocab(std::string_view text) {
  QAIO_ASSIGN(const json::object entries, read_object(text, kVocab));
  std::vector<std::string> tokens;
  tokens.reserve(entries.size());
  for (const auto& [key, value] : entries) {
    const std::string_view spelling = key;
    QAIO_ASSIGN(const TokenId id, read_id(value, spelling, kVocab));
    const auto index = static_cast<size_t>(id);
    if (index >= tokens.size()) tokens.resize(index + 1);
    if (spelling.empty() || !tokens[index].empty()) {
      return corrupt(kVocab, "the tokens " + in_quotes(tokens[index]) + " and " +
                                 in_quotes(spelling) + " share the id " + std::to_string(id));
    }
    tokens[index] = spelling;
  }
  return tokens;
}

// A line each; the first may be a comment on the format's version.
Result<std::vector<std::string>> read_merges(std::string_view text) {
  if (const auto wrong = wrong_content(text)) return corrupt(kMerges, *wrong);
  text = without_byte_order_mark(text);
  std::vector<std::string> merges;
  for (bool first = true; !text.empty(); first = false) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || (first && line.starts_with("#version"))) continue;
    if (merges.size() == kMergesMax) return corrupt(kMerges, "has more than 2^24 - 1 lines");
    merges.emplace_back(line);
  }
  return merges;
}

// The spellings that stand for themselves under one of the names of special tokens ("eos_token",
// "additional_special_tokens", ...), as strings or as objects with their content.
void add_named_specials(const json::value& value, std::set<std::string, std::less<>>& specials) {
  if (const auto* text = value.if_string()) specials.emplace(*text);
  if (const auto* list = value.if_array()) {
    for (const auto& entry : *list) add_named_specials(entry, specials);
  }
  if (const auto* object = value.if_object()) {
    const auto* content = object->if_contains("content");
    if (content != nullptr && content->is_string()) specials.emplace(content->get_string());
  }
}

class AddedTokens {
 public:
  explicit AddedTokens(Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  void find_specials(const json::object& settings) {
    for (const auto& [key, value] : settings) {
      if (std::string_view(key).ends_with("_token") || key == "additional_special_tokens")
        add_named_specials(value, specials_);
    }
  }

  // tokenizer_config.json: by id, with flags.
  Result<void> add_described(const json::object& config) {
    const auto* described = config.if_contains("added_tokens_decoder");
    if (described == nullptr || described->is_null()) return {};
    if (!described->is_object())
      return corrupt(kConfig, "\"added_tokens_decoder\" is not an object");
    for (const auto& [key, value] : described->get_object()) {
      const auto* token = value.if_object();
      const auto* content = token != nullptr ? token->if_contains("content") : nullptr;
      if (content == nullptr || !content->is_string()) {
        return corrupt(kConfig, "the added token of id " + in_quotes(key) + " has no \"content\"");
      }
      const std::string spelling(content->get_string());
      boost::system::error_code ec;
      const json::value number = json::parse(std::string_view(key), ec);
      QAIO_ASSIGN(const TokenId id, read_id(ec ? json::value() : number, spelling, kConfig));
      const auto is_set = [&](const char* flag, bool fallback) {
        const auto* found = token->if_contains(flag);
        return found != nullptr && found->is_bool() ? found->get_bool() : fallback;
      };
      for (const char* flag : {"lstrip", "rstrip", "single_word"}) {
        if (is_set(flag, false)) {
          return fail(ErrorCode::kUnsupported, std::string(kConfig) + ": the added token " +
                                                   in_quotes(spelling) + " has " + flag +
                                                   ", which is not supported");
        }
      }
      const bool special = is_set("special", false);
      add({id, spelling, special, is_set("normalized", !special)});
    }
    return {};
  }

  // added_tokens.json: spellings and ids only.
  Result<void> add_listed(const json::object& listed) {
    for (const auto& [key, value] : listed) {
      const std::string spelling(key);
      QAIO_ASSIGN(const TokenId id, read_id(value, spelling, kAdded));
      if (ids_.contains(id)) continue;  // described above
      const bool marked = spelling.starts_with("<|") && spelling.ends_with("|>");
      add({id, spelling, marked || specials_.contains(spelling), false});
    }
    return {};
  }

 private:
  void add(Vocabulary::AddedToken token) {
    ids_.insert(token.id);
    vocabulary_.added.push_back(std::move(token));
  }

  Vocabulary& vocabulary_;
  std::set<std::string, std::less<>> specials_;
  std::set<TokenId> ids_;
};

// Other classes cut text in other ways, and nothing else in these files says how.
Result<void> check_class(const json::object& config) {
  const auto* name = config.if_contains("tokenizer_class");
  if (name == nullptr || name->is_null()) return {};
  for (const char* known : {"Qwen2Tokenizer", "Qwen2TokenizerFast", "PreTrainedTokenizerFast"}) {
    if (*name == known) return {};
  }
  return fail(ErrorCode::kUnsupported, std::string(kConfig) + ": \"tokenizer_class\" is " +
                                           json::serialize(*name).substr(0, 60) +
                                           "; without a tokenizer.json only Qwen2Tokenizer is "
                                           "supported");
}

}  // namespace

Result<Vocabulary> vocabulary_from_files(const VocabularyFiles& files) {
  Vocabulary vocabulary;
  QAIO_ASSIGN(const json::object config, read_object(files.tokenizer_config_json, kConfig));
  QAIO_RETURN_IF_ERROR(check_class(config));
  QAIO_ASSIGN(vocabulary.tokens, read_vocab(files.vocab_json));
  QAIO_ASSIGN(vocabulary.merges, read_merges(files.merges_txt));
  QAIO_ASSIGN(const json::object map, read_object(files.special_tokens_map_json, kSpecialMap));
  QAIO_ASSIGN(const json::object listed, read_object(files.added_tokens_json, kAdded));
  AddedTokens added(vocabulary);
  added.find_specials(config);
  added.find_specials(map);
  QAIO_RETURN_IF_ERROR(added.add_described(config));
  QAIO_RETURN_IF_ERROR(added.add_listed(listed));
  return vocabulary;
}

}  // namespace qaio
