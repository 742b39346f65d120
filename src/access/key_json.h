// A key as JSON: what may be shown of it.
#pragma once

#include "access/api_key.h"
#include "base/json_writer.h"

namespace qaio {

// The members of an object that the caller has begun: name, id, scopes, created, expires, expired
// and limits.
void write_key_members(const ApiKey& key, int64_t now_unix_ms, JsonWriter& json);

// RFC 3339, or null.
void write_time_or_null(std::string_view name, const std::optional<int64_t>& unix_ms,
                        JsonWriter& json);

}  // namespace qaio
