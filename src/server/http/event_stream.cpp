#include "server/http/event_stream.h"

#include <fmt/format.h>

namespace qaio {

HttpResponse event_stream_head() {
  HttpResponse head;
  // Without a charset some clients read texts as Latin-1, although events are always UTF-8.
  head.content_type = "text/event-stream; charset=utf-8";
  head.headers = unbuffered_headers();
  // Readers of events skip comments. It is written alone: some take one for the end of what came
  // together with it.
  head.while_silent = ": keep-alive\n\n";
  return head;
}

std::string server_sent_event(std::string_view name, std::string_view json) {
  return fmt::format("event: {}\ndata: {}\n\n", name, json);
}

std::string data_event(std::string_view json) { return fmt::format("data: {}\n\n", json); }

}  // namespace qaio
