// The endpoints a load can be sent to: how a request is written for each.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace qaio {

enum class LoadApi : uint8_t { kQaioChat, kOpenAiChat, kOpenAiCompletions };

// By how the path ends: "/chat/completions", "/completions" or "/chat". nullopt: another one.
std::optional<LoadApi> api_of_path(std::string_view path);

// Asks for a streamed answer with the server's token counts. `model` is left out where empty or not
// part of the API; `extra`'s members are added and win.
std::string request_body(LoadApi api, std::string_view prompt, int output_tokens,
                         std::string_view model, const boost::json::object& extra);

// The same for a body that somebody wrote for the endpoint; what it says stays, except that the
// answer is streamed.
std::string streamed_body(LoadApi api, boost::json::object body, std::string_view model,
                          const boost::json::object& extra);

}  // namespace qaio
