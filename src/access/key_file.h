// The file of API keys: [[key]] tables in TOML, as docs/security.md describes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "access/api_key.h"
#include "base/result.h"

namespace qaio {

inline constexpr size_t kKeysMax = 1024;
inline constexpr size_t kKeyFileBytesMax = size_t{1} << 20;
// Times end before it, the year 9999: in whatever time zone, they have four digits of a year.
inline constexpr int64_t kKeyTimeEndUnixMs = 253'370'764'800'000;

// What stands in it. kInvalidArgument names `file`, the line and the field; whatever is unknown is
// refused, since a misspelled "expires" would be a key that never ends.
Result<std::vector<ApiKey>> parse_keys(std::string_view text, const std::string& file);

// One table, with its newline at the end.
std::string key_text(const ApiKey& key);

// kNotFound and kIo with the path; kUnsupported for what others could have written (no regular
// file, or one that everybody may write).
Result<std::string> read_key_text(const std::string& path);
Result<std::vector<ApiKey>> read_keys(const std::string& path);

}  // namespace qaio
