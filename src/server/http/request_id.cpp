#include "server/http/request_id.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/secure_random.h"

namespace qaio {

bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string choose_request_id(std::string_view from_client) {
  if (!from_client.empty() && from_client.size() <= 128 && is_visible_ascii(from_client)) {
    return std::string(from_client);
  }
  return fmt::format("{:016x}", secure_random());
}

}  // namespace qaio
