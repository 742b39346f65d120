#include "server/request_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <random>

namespace qaio {

std::string choose_request_id(std::string_view from_client) {
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!from_client.empty() && from_client.size() <= 128 &&
      std::ranges::all_of(from_client, visible)) {
    return std::string(from_client);
  }
  static std::atomic<uint64_t> next{(uint64_t{std::random_device{}()} << 32) |
                                    std::random_device{}()};
  // An odd multiplier permutes 64-bit numbers: ids look unrelated and repeat after 2^64.
  return fmt::format("{:016x}", next.fetch_add(1) * 0x9e3779b97f4a7c15);
}

}  // namespace qaio
