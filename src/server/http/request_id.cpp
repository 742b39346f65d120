#include "server/http/request_id.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/secure_random.h"

namespace qaio {

std::string choose_request_id(std::string_view from_client) {
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!from_client.empty() && from_client.size() <= 128 &&
      std::ranges::all_of(from_client, visible)) {
    return std::string(from_client);
  }
  return fmt::format("{:016x}", secure_random());
}

}  // namespace qaio
