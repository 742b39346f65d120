#include "load/api.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace qaio {
namespace {

namespace json = boost::json;

// By LoadApi. The first whose ending a path has is its API.
constexpr std::array<LoadApiTraits, 5> kApis = {{
    {LoadApi::kQaioChat, "chat", "/chat", "/chat", "input"},
    {LoadApi::kOpenAiChat, "openai-chat", "/v1/chat/completions", "/chat/completions", "messages"},
    {LoadApi::kOpenAiCompletions, "openai-completions", "/v1/completions", "/completions",
     "prompt"},
    {LoadApi::kSystemOne, "systemone", "/v1/systemone", "/systemone", "state"},
    {LoadApi::kDecisions, "decisions", "/v1/decisions", "/decisions", "input"},
}};

void add_streaming(LoadApi api, json::object& body) {
  body["stream"] = true;
  if (api == LoadApi::kQaioChat) return;  // always sends its counts
  json::value& options = body["stream_options"];
  if (!options.is_object()) options = json::object();
  options.get_object()["include_usage"] = true;
}

std::string question_name(size_t index) { return "q" + std::to_string(index + 1); }

json::object question_map(std::span<const std::string> questions) {
  json::object map;
  for (size_t i = 0; i < questions.size(); ++i)
    map[question_name(i)] = {{"type", "noul"}, {"instructions", questions[i]}};
  return map;
}

json::array question_array(std::span<const std::string> questions) {
  json::array array;
  for (size_t i = 0; i < questions.size(); ++i) {
    array.push_back(
        {{"type", "predicate"}, {"name", question_name(i)}, {"instructions", questions[i]}});
  }
  return array;
}

}  // namespace

std::span<const LoadApiTraits> load_apis() { return kApis; }

const LoadApiTraits& traits_of(LoadApi api) { return kApis[static_cast<size_t>(api)]; }

bool decides(LoadApi api) { return api == LoadApi::kSystemOne || api == LoadApi::kDecisions; }

std::optional<LoadApi> api_of_path(std::string_view path) {
  // "/chat/completions" ends as "/completions" does: the longest ending counts.
  const LoadApiTraits* best = nullptr;
  for (const LoadApiTraits& traits : kApis) {
    const bool longer = best == nullptr || traits.ending.size() > best->ending.size();
    if (path.ends_with(traits.ending) && longer) best = &traits;
  }
  return best == nullptr ? std::nullopt : std::optional(best->api);
}

std::optional<LoadApi> api_named(std::string_view name) {
  const auto* const found = std::ranges::find(kApis, name, &LoadApiTraits::name);
  return found == kApis.end() ? std::nullopt : std::optional(found->api);
}

std::string request_body(LoadApi api, const RequestText& text, std::string_view model,
                         const json::object& extra) {
  json::object body;
  switch (api) {
    case LoadApi::kQaioChat:
      body["input"] = text.prompt;
      body["max_new_tokens"] = text.output_tokens;
      break;
    case LoadApi::kOpenAiChat:
      body["messages"] = json::array{json::object{{"role", "user"}, {"content", text.prompt}}};
      body["max_tokens"] = text.output_tokens;
      break;
    case LoadApi::kOpenAiCompletions:
      body["prompt"] = text.prompt;
      body["max_tokens"] = text.output_tokens;
      break;
    case LoadApi::kSystemOne:
      body["state"] = text.prompt;
      body["questions"] = question_map(text.questions);
      break;
    case LoadApi::kDecisions:
      body["input"] = text.prompt;
      body["questions"] = question_array(text.questions);
      break;
  }
  return endpoint_body(api, std::move(body), model, extra);
}

std::string endpoint_body(LoadApi api, json::object body, std::string_view model,
                          const json::object& extra) {
  if (api != LoadApi::kQaioChat && !model.empty() && !body.contains("model")) body["model"] = model;
  for (const auto& member : extra) body[member.key()] = member.value();
  if (!decides(api)) add_streaming(api, body);
  return json::serialize(body);
}

}  // namespace qaio
