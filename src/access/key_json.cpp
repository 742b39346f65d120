#include "access/key_json.h"

#include "base/utc_text.h"

namespace qaio {
namespace {

void write_limit(std::string_view name, uint64_t limit, JsonWriter& json) {
  json.key(name);
  limit > 0 ? json.integer(static_cast<int64_t>(limit)) : json.null();
}

}  // namespace

void write_time_or_null(std::string_view name, const std::optional<int64_t>& unix_ms,
                        JsonWriter& json) {
  json.key(name);
  unix_ms ? json.string(utc_text(*unix_ms)) : json.null();
}

void write_key_members(const ApiKey& key, int64_t now_unix_ms, JsonWriter& json) {
  json.key("name").string(key.name).key("id").string(key.id);
  json.key("scopes").begin_array();
  for (const std::string_view scope : key.scopes.names()) json.string(scope);
  json.end_array();
  write_time_or_null("created", key.created_unix_ms, json);
  write_time_or_null("expires", key.expires_unix_ms, json);
  json.key("expired").boolean(key.expired(now_unix_ms));
  json.key("limits").begin_object();
  write_limit("requests_max", key.limits.requests_max, json);
  write_limit("requests_per_minute", key.limits.requests_per_minute, json);
  write_limit("tokens_per_minute", key.limits.tokens_per_minute, json);
  json.end_object();
}

}  // namespace qaio
