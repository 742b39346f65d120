#include "access/api_key.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>

#include "base/secure_random.h"

namespace qaio {
namespace {

constexpr std::string_view kIdLetters = "0123456789abcdefghjkmnpqrstvwxyz";  // none alike
constexpr std::string_view kSecretLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kHashBegin = "sha256:";

bool all_of(std::string_view text, std::string_view letters) {
  return text.find_first_not_of(letters) == std::string_view::npos;
}

std::string draw_secret() {
  std::array<uint64_t, 4> bits{};
  for (uint64_t& word : bits) word = secure_random();
  std::array<unsigned char, kKeySecretBytes + 2> text{};  // and padding, and a 0
  EVP_EncodeBlock(text.data(), reinterpret_cast<const unsigned char*>(bits.data()), sizeof(bits));
  std::string secret(text.begin(), text.begin() + kKeySecretBytes);
  std::ranges::replace(secret, '+', '-');
  std::ranges::replace(secret, '/', '_');
  return secret;
}

}  // namespace

std::string draw_key() {
  std::string key(kKeyBegin);
  for (size_t i = 0; i < kKeyIdBytes; ++i) key += kIdLetters[secure_random() % kIdLetters.size()];
  return key + '_' + draw_secret();
}

bool is_key_id(std::string_view text) {
  return text.size() == kKeyIdBytes && all_of(text, "0123456789abcdefghijklmnopqrstuvwxyz");
}

std::optional<std::string_view> id_of_key(std::string_view key) {
  if (key.size() != kKeyBytes || !key.starts_with(kKeyBegin)) return std::nullopt;
  const std::string_view id = key.substr(kKeyBegin.size(), kKeyIdBytes);
  const std::string_view secret = key.substr(kKeyBytes - kKeySecretBytes);
  const bool key_form =
      is_key_id(id) && key[kKeyBegin.size() + kKeyIdBytes] == '_' && all_of(secret, kSecretLetters);
  return key_form ? std::optional(id) : std::nullopt;
}

Result<KeyHash> hash_of_key(std::string_view key) {
  KeyHash hash;
  unsigned size = 0;
  if (EVP_Digest(key.data(), key.size(), hash.data(), &size, EVP_sha256(), nullptr) != 1 ||
      size != hash.size()) {
    return fail(ErrorCode::kInternal, "a key could not be hashed");
  }
  return hash;
}

bool same_hash(const KeyHash& a, const KeyHash& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hash_text(const KeyHash& hash) {
  return fmt::format("{}{:02x}", kHashBegin, fmt::join(hash, ""));
}

std::optional<KeyHash> parse_hash(std::string_view text) {
  KeyHash hash;
  if (!text.starts_with(kHashBegin)) return std::nullopt;
  text.remove_prefix(kHashBegin.size());
  if (text.size() != 2 * hash.size() || !all_of(text, "0123456789abcdef")) return std::nullopt;
  for (uint8_t& byte : hash) {
    std::from_chars(text.data(), text.data() + 2, byte, 16);
    text.remove_prefix(2);
  }
  return hash;
}

}  // namespace qaio
