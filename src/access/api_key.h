// An API key: what a client sends, and what is kept of it.
//
// A key is qaio_ID_SECRET. The id is public and finds the key; the secret is 32 random bytes in
// base64url. Of the whole text only a SHA-256 is kept: a slow hash protects what people think up
// and others may guess, and nobody guesses 256 random bits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "access/scope.h"
#include "base/result.h"

namespace qaio {

inline constexpr size_t kKeyIdBytes = 8;
inline constexpr size_t kKeySecretBytes = 43;  // 32 bytes in base64url, without padding
inline constexpr std::string_view kKeyBegin = "qaio_";
inline constexpr size_t kKeyBytes = kKeyBegin.size() + kKeyIdBytes + 1 + kKeySecretBytes;

using KeyHash = std::array<uint8_t, 32>;

// What a key may take; 0: no limit.
struct KeyLimits {
  uint64_t requests_max = 0;         // to the model at once
  uint64_t requests_per_minute = 0;  // all of its requests
  uint64_t tokens_per_minute = 0;    // of prompts and new ones
  friend bool operator==(const KeyLimits&, const KeyLimits&) = default;
};
inline constexpr uint64_t kKeyLimitMax = 1'000'000'000;

struct ApiKey {
  std::string name;
  std::string id;
  KeyHash hash{};
  ScopeSet scopes;
  std::optional<int64_t> created_unix_ms = {};
  std::optional<int64_t> expires_unix_ms = {};  // it is of no use from then on
  KeyLimits limits = {};

  bool expired(int64_t now_unix_ms) const {
    return expires_unix_ms && now_unix_ms >= *expires_unix_ms;
  }
  friend bool operator==(const ApiKey&, const ApiKey&) = default;
};

// A new key's text. Nobody can tell it from others of them.
std::string draw_key();

bool is_key_id(std::string_view text);
// Of a text that has the form of a key; absent: it has not.
std::optional<std::string_view> id_of_key(std::string_view key);

// kInternal: OpenSSL could not, for want of memory.
Result<KeyHash> hash_of_key(std::string_view key);
// Takes as long wherever they differ.
bool same_hash(const KeyHash& a, const KeyHash& b);

// "sha256:" and 64 hexadecimal digits, as key files have it.
std::string hash_text(const KeyHash& hash);
std::optional<KeyHash> parse_hash(std::string_view text);

}  // namespace qaio
