// Text of which every byte knows whether the chat template wrote it or a message brought it.
#pragma once

#include <string>
#include <string_view>

namespace qaio {

enum class TextOrigin : char { kTemplate = 't', kMessage = 'm' };

struct MarkedText {
  std::string text;
  std::string origins;  // one TextOrigin for each byte of `text`

  MarkedText() = default;
  MarkedText(std::string bytes, TextOrigin origin)
      : text(std::move(bytes)), origins(text.size(), static_cast<char>(origin)) {}

  void append(std::string_view bytes, TextOrigin origin) {
    text += bytes;
    origins.append(bytes.size(), static_cast<char>(origin));
  }
  void append(const MarkedText& other) {
    text += other.text;
    origins += other.origins;
  }
  MarkedText slice(size_t begin, size_t bytes = std::string::npos) const {
    MarkedText out;
    out.text = text.substr(begin, bytes);
    out.origins = origins.substr(begin, bytes);
    return out;
  }
  // Whether the template wrote all of [begin, end).
  bool is_template(size_t begin, size_t end) const {
    return std::string_view(origins)
               .substr(begin, end - begin)
               .find(static_cast<char>(TextOrigin::kMessage)) == std::string_view::npos;
  }
};

}  // namespace qaio
