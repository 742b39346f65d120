#include "text/tokenizer_config.h"

#include <algorithm>
#include <charconv>

#include "base/json.h"

namespace qaio {
namespace {

constexpr const char* kFile = "tokenizer_config.json";

bool flag(const boost::json::object& entry, const char* name, bool absent) {
  const auto* value = entry.if_contains(name);
  return value != nullptr && value->is_bool() ? value->get_bool() : absent;
}

}  // namespace

Result<void> add_configured_tokens(std::string_view tokenizer_config_json, Vocabulary* vocabulary) {
  QAIO_ASSIGN(const boost::json::value json, parse_json(tokenizer_config_json, kFile));
  if (!json.is_object())
    return fail(ErrorCode::kCorrupt, std::string(kFile) + ": is not a JSON object");
  const auto* decoder = json.get_object().if_contains("added_tokens_decoder");
  if (decoder == nullptr || !decoder->is_object()) return {};
  for (const auto& [key, value] : decoder->get_object()) {
    TokenId id = -1;
    const auto end = std::from_chars(key.data(), key.data() + key.size(), id).ptr;
    const auto* entry = value.if_object();
    const auto* content = entry == nullptr ? nullptr : entry->if_contains("content");
    if (id < 0 || end != key.data() + key.size() || content == nullptr || !content->is_string()) {
      return fail(ErrorCode::kCorrupt, std::string(kFile) + ": added_tokens_decoder holds \"" +
                                           std::string(key.substr(0, 40)) +
                                           "\", which is no id with a token's content");
    }
    const std::string text(content->get_string());
    const bool special = flag(*entry, "special", false);
    const auto known = std::ranges::find_if(vocabulary->added, [&](const auto& token) {
      return token.id == id || token.content == text;
    });
    if (known == vocabulary->added.end()) {
      vocabulary->added.push_back({id, text, special, flag(*entry, "normalized", !special)});
    } else if (known->content == text && special) {
      known->special = true;
    }
  }
  return {};
}

}  // namespace qaio
