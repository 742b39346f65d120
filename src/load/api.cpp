#include "load/api.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace qaio {
namespace {

namespace json = boost::json;

void add_streaming(LoadApi api, json::object& body) {
  body["stream"] = true;
  if (api == LoadApi::kQaioChat) return;  // always sends its counts
  json::value& options = body["stream_options"];
  if (!options.is_object()) options = json::object();
  options.get_object()["include_usage"] = true;
}

std::string finished(LoadApi api, json::object body, std::string_view model,
                     const json::object& extra) {
  if (api != LoadApi::kQaioChat && !model.empty() && !body.contains("model")) body["model"] = model;
  for (const auto& member : extra) body[member.key()] = member.value();
  add_streaming(api, body);
  return json::serialize(body);
}

}  // namespace

std::optional<LoadApi> api_of_path(std::string_view path) {
  if (path.ends_with("/chat/completions")) return LoadApi::kOpenAiChat;
  if (path.ends_with("/completions")) return LoadApi::kOpenAiCompletions;
  if (path.ends_with("/chat")) return LoadApi::kQaioChat;
  return std::nullopt;
}

std::string request_body(LoadApi api, std::string_view prompt, int output_tokens,
                         std::string_view model, const json::object& extra) {
  json::object body;
  switch (api) {
    case LoadApi::kQaioChat:
      body["input"] = prompt;
      body["max_new_tokens"] = output_tokens;
      break;
    case LoadApi::kOpenAiChat:
      body["messages"] = json::array{json::object{{"role", "user"}, {"content", prompt}}};
      body["max_tokens"] = output_tokens;
      break;
    case LoadApi::kOpenAiCompletions:
      body["prompt"] = prompt;
      body["max_tokens"] = output_tokens;
      break;
  }
  return finished(api, std::move(body), model, extra);
}

std::string streamed_body(LoadApi api, json::object body, std::string_view model,
                          const json::object& extra) {
  return finished(api, std::move(body), model, extra);
}

}  // namespace qaio
