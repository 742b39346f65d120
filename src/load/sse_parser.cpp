#include "load/sse_parser.h"

#include <utility>

namespace qaio {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

tl::unexpected<Error> too_long() {
  return fail(ErrorCode::kResourceExhausted,
              "an event is longer than " + std::to_string(SseParser::kEventBytesMax) + " bytes");
}

}  // namespace

Result<void> SseParser::push(std::string_view bytes, const OnEvent& on_event) {
  if (after_cr_ && !bytes.empty()) {
    after_cr_ = false;
    if (bytes.front() == '\n') bytes.remove_prefix(1);
  }
  while (!bytes.empty()) {
    const size_t end = bytes.find_first_of("\r\n");
    const std::string_view piece = bytes.substr(0, end);
    if (line_.size() + piece.size() > kEventBytesMax) return too_long();
    line_ += piece;
    if (end == std::string_view::npos) return {};
    const bool cr = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (cr && bytes.empty()) after_cr_ = true;
    if (cr && bytes.starts_with('\n')) bytes.remove_prefix(1);
    QAIO_RETURN_IF_ERROR(end_line(on_event));
  }
  return {};
}

Result<void> SseParser::end_line(const OnEvent& on_event) {
  std::string_view line = line_;
  if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark))
    line.remove_prefix(kByteOrderMark.size());
  if (!line.empty()) {
    field(line);
    line_.clear();
    if (event_.data.size() + event_.name.size() > kEventBytesMax) return too_long();
    return {};
  }
  line_.clear();
  const SseEvent event = std::exchange(event_, {});
  if (std::exchange(has_data_, false)) on_event(event);
  return {};
}

void SseParser::field(std::string_view line) {
  const size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (name == "event") {
    event_.name = value;
  }
}

}  // namespace qaio
