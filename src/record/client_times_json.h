// What a client said of its request's time, as JSON for people: the members are those of
// docs/http.md.
#pragma once

#include "base/json_writer.h"
#include "record/rounded_times.h"

namespace qaio {

// Into an object that is open.
inline void write_client_times(const ClientMicros& client, JsonWriter& json) {
  json.key("first_byte_ms").thousandths(client.first_byte_us);
  json.key("first_token_ms");
  client.first_token_us ? json.thousandths(*client.first_token_us) : json.null();
  json.key("last_byte_ms").thousandths(client.last_byte_us);
  json.key("done_ms").thousandths(client.done_us);
  json.key("network_ms").thousandths(client.network_us);
  json.key("rendering_ms").thousandths(client.rendering_us);
}

}  // namespace qaio
