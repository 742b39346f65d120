// GET /keys: who has keys, what for, and what they took; never what would let somebody in.
#include <memory>
#include <string>
#include <string_view>

#include "access/key_json.h"
#include "base/json_writer.h"
#include "record/outcome.h"
#include "server/observe/observe_api.h"

namespace qaio {
namespace {

void write_count(std::string_view name, uint64_t count, JsonWriter& json) {
  json.key(name).integer(static_cast<int64_t>(count));
}

void write_use(const KeyFigures& figures, JsonWriter& json) {
  json.key("use").begin_object().key("requests").begin_object();
  for (size_t i = 0; i < kOutcomeCount; ++i)
    write_count(outcome_name(static_cast<Outcome>(i)), figures.requests[i], json);
  json.end_object();
  write_count("running", figures.running, json);
  write_count("prompt_tokens", figures.prompt_tokens, json);
  write_count("completion_tokens", figures.completion_tokens, json);
  write_time_or_null("last_used", figures.last_used_unix_ms, json);
  json.end_object();
}

void write_key(const KeyFigures& figures, int64_t now_unix_ms, JsonWriter& json) {
  json.begin_object();
  write_key_members(figures.key, now_unix_ms, json);
  write_use(figures, json);
  json.end_object();
}

HttpResponse keys_response(const KeyRing* keys, int64_t now_unix_ms) {
  HttpResponse response;
  JsonWriter json(response.body);
  json.begin_object().key("required").boolean(keys != nullptr).key("keys").begin_array();
  if (keys != nullptr) {
    for (const KeyFigures& figures : keys->figures().keys) write_key(figures, now_unix_ms, json);
  }
  json.end_array().end_object();
  return response;
}

}  // namespace

void add_keys_api(Router& router, const ObserveSources& sources) {
  router.add("GET", "/keys", Scope::kAdmin, [keys = sources.keys](const auto& call) {
    call->respond(keys_response(keys.get(), call->clock().wall_unix_ms()));
  });
}

}  // namespace qaio
