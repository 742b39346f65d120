#include "engine/stop_strings.h"

#include <algorithm>
#include <utility>

namespace qaio {
namespace {

std::vector<uint16_t> borders_of(std::string_view text) {
  std::vector<uint16_t> borders(text.size(), 0);
  for (size_t i = 1; i < text.size(); ++i) {
    size_t border = borders[i - 1];
    while (border > 0 && text[i] != text[border]) border = borders[border - 1];
    borders[i] = static_cast<uint16_t>(border + (text[i] == text[border] ? 1 : 0));
  }
  return borders;
}

}  // namespace

void StopStrings::Stop::advance(char byte) {
  while (matched > 0 && byte != text[matched]) matched = borders[matched - 1];
  if (byte == text[matched]) ++matched;
}

StopStrings::StopStrings(const std::vector<std::string>& stops) {
  for (const std::string& stop : stops) stops_.push_back({stop, borders_of(stop)});
}

std::string StopStrings::push(std::string_view piece) {
  if (found_) return {};
  if (stops_.empty()) return std::string(piece);
  for (const char byte : piece) {
    held_ += byte;
    size_t found_bytes = 0;
    for (Stop& stop : stops_) {
      stop.advance(byte);
      if (stop.matched == stop.text.size()) found_bytes = std::max(found_bytes, stop.matched);
    }
    if (found_bytes > 0) {
      found_ = true;
      held_.resize(held_.size() - found_bytes);
      return std::exchange(held_, {});
    }
  }
  size_t matched_max = 0;
  for (const Stop& stop : stops_) matched_max = std::max(matched_max, stop.matched);
  std::string certain = held_.substr(0, held_.size() - matched_max);
  held_.erase(0, certain.size());
  return certain;
}

std::string StopStrings::finish() { return std::exchange(held_, {}); }

}  // namespace qaio
