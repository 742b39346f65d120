// Server-sent events: the head of such an answer, and what stands in it.
#pragma once

#include <string>
#include <string_view>

#include "server/http/http.h"

namespace qaio {

// With all that proxies must be told to pass each event on as it comes.
HttpResponse event_stream_head();

// "event: <name>\ndata: <json>\n\n"
std::string server_sent_event(std::string_view name, std::string_view json);
// "data: <json>\n\n", as OpenAI's clients read it
std::string data_event(std::string_view json);

}  // namespace qaio
