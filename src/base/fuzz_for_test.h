// What fuzz targets share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace qaio {

// A broken promise ends the process, also where assertions are compiled out.
inline void require(bool promise) {
  if (!promise) std::abort();
}

inline std::string_view fuzz_text(const uint8_t* data, size_t size) {
  return size == 0 ? std::string_view()
                   : std::string_view(reinterpret_cast<const char*>(data), size);
}

// Takes an input apart from its beginning. Of an input that is over everything is empty or 0.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : rest_(fuzz_text(data, size)) {}

  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  // Up to the next `end`, which is taken, too.
  std::string_view part(char end) {
    const std::string_view part = rest_.substr(0, rest_.find(end));
    rest_.remove_prefix(std::min(part.size() + 1, rest_.size()));
    return part;
  }
  // At most so many bytes.
  std::string_view bytes(size_t count) {
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }
  bool empty() const { return rest_.empty(); }
  std::string_view rest() { return std::exchange(rest_, {}); }

 private:
  std::string_view rest_;
};

}  // namespace qaio
