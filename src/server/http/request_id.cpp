#include "server/http/request_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/secure_random.h"

namespace qaio {
namespace {

constexpr size_t kRequestIdBytesMax = 128;

}  // namespace

bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string choose_request_id(std::string_view from_client) {
  const auto fits = [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("-_.:/+=@~,|").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!from_client.empty() && from_client.size() <= kRequestIdBytesMax &&
      std::ranges::all_of(from_client, fits)) {
    return std::string(from_client);
  }
  const uint64_t high = secure_random();
  return fmt::format("{:016x}{:016x}", high, secure_random());
}

}  // namespace qaio
