// The endpoints a load can be sent to: how a request is written for each.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace qaio {

enum class LoadApi : uint8_t { kQaioChat, kOpenAiChat, kOpenAiCompletions, kSystemOne, kDecisions };

struct LoadApiTraits {
  LoadApi api;
  std::string_view name;        // for --api
  std::string_view endpoint;    // where servers have it
  std::string_view ending;      // of a path that is known to be one
  std::string_view text_field;  // of a body, which no body for it is without
};
std::span<const LoadApiTraits> load_apis();
const LoadApiTraits& traits_of(LoadApi api);

// Typed questions about a text, answered by one JSON object. The others generate text and stream
// it.
bool decides(LoadApi api);

// By how the path ends. nullopt: as none of them.
std::optional<LoadApi> api_of_path(std::string_view path);
std::optional<LoadApi> api_named(std::string_view name);

struct RequestText {
  std::string_view prompt;
  int output_tokens = 0;  // at most; of an API that generates
  std::span<const std::string> questions =
      {};  // to be answered with yes or no, of one that decides
};

// Asks for a streamed answer with the server's token counts, where answers are streamed. `model` is
// left out where empty or not part of the API; `extra`'s members are added and win.
std::string request_body(LoadApi api, const RequestText& text, std::string_view model,
                         const boost::json::object& extra);

// The same for a body that somebody wrote for the endpoint; what it says stays, except that the
// answer is streamed.
std::string endpoint_body(LoadApi api, boost::json::object body, std::string_view model,
                          const boost::json::object& extra);

}  // namespace qaio
