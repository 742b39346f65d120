// A file of keys of any bytes: read or refused, and what was read is written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "access/key_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto keys = qaio::parse_keys(text, "keys.toml");
  if (keys) {
    std::string again;
    for (const qaio::ApiKey& key : *keys) again += qaio::key_text(key);
    const auto read = qaio::parse_keys(again, "again.toml");
    if (again.size() <= qaio::kKeyFileBytesMax && (!read || *read != *keys)) std::abort();
  }
  const auto id = qaio::id_of_key(text);
  if (id && !qaio::is_key_id(*id)) std::abort();
  if (const auto hash = qaio::parse_hash(text); hash && qaio::hash_text(*hash) != text)
    std::abort();
  return 0;
}
