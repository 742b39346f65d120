// Server-sent events out of the bytes of an answer, however they are cut.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace qaio {

struct SseEvent {
  std::string name;  // empty: the default, "message"
  std::string data;  // lines joined by '\n'
};

// As the HTML standard defines the format (9.2.6): CR, LF or CRLF end a line, a blank line ends an
// event, comments and events without data are skipped, an event without its blank line is dropped.
// `id` and `retry` serve reconnecting clients and are skipped.
class SseParser {
 public:
  static constexpr size_t kEventBytesMax = 1 << 20;

  using OnEvent = std::function<void(const SseEvent& event)>;

  // Calls `on_event` for every event that ends in `bytes`. kResourceExhausted when an event, or a
  // line, is longer than kEventBytesMax; nothing may be pushed after that.
  Result<void> push(std::string_view bytes, const OnEvent& on_event);

 private:
  Result<void> end_line(const OnEvent& on_event);
  void field(std::string_view line);

  std::string line_;
  SseEvent event_;
  bool has_data_ = false;
  bool after_cr_ = false;   // a LF that follows belongs to the CR
  bool first_line_ = true;  // may begin with a byte order mark
};

}  // namespace qaio
