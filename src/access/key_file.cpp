#include "access/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "base/utc_text.h"
#include "config/toml_reader.h"

namespace qaio {
namespace {

std::optional<int64_t> unix_ms(const toml::date& date) {
  using namespace std::chrono;
  const year_month_day day{year{date.year}, month{date.month}, std::chrono::day{date.day}};
  if (!day.ok()) return std::nullopt;
  const int64_t ms = duration_cast<milliseconds>(sys_days(day).time_since_epoch()).count();
  return ms >= 0 && ms < kKeyTimeEndUnixMs ? std::optional(ms) : std::nullopt;
}

// A time of day without an offset is that of nobody knows where.
std::optional<int64_t> unix_ms(const toml::date_time& time) {
  const auto day_ms = unix_ms(time.date);
  if (!day_ms || !time.offset) return std::nullopt;
  const int64_t minutes = int64_t{time.time.hour} * 60 + time.time.minute - time.offset->minutes;
  return *day_ms + (minutes * 60 + time.time.second) * 1000 + time.time.nanosecond / 1'000'000;
}

Result<void> read_time(TomlReader& reader, std::string_view field, std::optional<int64_t>& out) {
  const toml::node* node = reader.take(field);
  if (node == nullptr) return {};
  if (const auto time = node->value_exact<toml::date_time>()) {
    out = unix_ms(*time);
  } else if (const auto date = node->value_exact<toml::date>()) {
    out = unix_ms(*date);
  }
  if (out) return {};
  return reader.fault(
      field, fmt::format("needs a time for '{0}', as {0} = 2027-01-31T12:00:00Z, or a day", field));
}

Result<void> read_limit(TomlReader& reader, std::string_view field, uint64_t& out) {
  return reader.count(field, 1, kKeyLimitMax, out);
}

Result<void> read_scopes(TomlReader& reader, ScopeSet& out) {
  std::vector<std::string> names;
  QAIO_RETURN_IF_ERROR(reader.texts("scopes", kScopeNames.size(), names));
  for (const std::string& name : names) {
    const auto scope = scope_of_name(name);
    if (!scope) {
      return reader.fault("scopes", fmt::format("has the unknown scope '{}'; known are {}", name,
                                                fmt::join(kScopeNames, ", ")));
    }
    out.add(*scope);
  }
  if (!out.empty()) return {};
  return reader.fault(
      "scopes", fmt::format("needs 'scopes', one or more of {}", fmt::join(kScopeNames, ", ")));
}

Result<ApiKey> read_key(const toml::table& table, const std::string& file) {
  ApiKey key;
  TomlReader reader(table, file, "key");
  QAIO_RETURN_IF_ERROR(reader.name("name", key.name));
  if (key.name.empty()) return reader.fault("name", "needs a 'name'");
  reader.call(fmt::format("key '{}'", key.name));
  std::string hash;
  QAIO_RETURN_IF_ERROR(reader.text("id", key.id));
  if (!is_key_id(key.id)) {
    return reader.fault("id", fmt::format("needs an 'id' of {} digits and small letters, which "
                                          "stands in the key behind qaio_",
                                          kKeyIdBytes));
  }
  QAIO_RETURN_IF_ERROR(reader.text("hash", hash));
  const auto parsed = parse_hash(hash);
  if (!parsed) {
    return reader.fault("hash",
                        "needs a 'hash', \"sha256:\" and the 64 small hexadecimal digits that "
                        "sha256sum makes of the whole key");
  }
  key.hash = *parsed;
  QAIO_RETURN_IF_ERROR(read_scopes(reader, key.scopes));
  QAIO_RETURN_IF_ERROR(read_time(reader, "created", key.created_unix_ms));
  QAIO_RETURN_IF_ERROR(read_time(reader, "expires", key.expires_unix_ms));
  QAIO_RETURN_IF_ERROR(read_limit(reader, "requests_max", key.limits.requests_max));
  QAIO_RETURN_IF_ERROR(read_limit(reader, "requests_per_minute", key.limits.requests_per_minute));
  QAIO_RETURN_IF_ERROR(read_limit(reader, "tokens_per_minute", key.limits.tokens_per_minute));
  QAIO_RETURN_IF_ERROR(reader.done());
  return key;
}

template <typename Member>
Result<void> check_unique(const std::vector<ApiKey>& keys, const ApiKey& key, Member member,
                          std::string_view field, const std::string& place) {
  const auto same = std::ranges::find(keys, key.*member, member);
  if (same == keys.end()) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{}key '{}' has the same {} as key {}, '{}'", place, key.name, field,
                          same - keys.begin() + 1, same->name));
}

std::string time_field(std::string_view field, const std::optional<int64_t>& unix_ms) {
  return unix_ms ? fmt::format("{} = {}\n", field, utc_text(*unix_ms)) : "";
}

std::string limit_field(std::string_view field, uint64_t limit) {
  return limit > 0 ? fmt::format("{} = {}\n", field, limit) : "";
}

tl::unexpected<Error> system_fault(const std::string& path) {
  return fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
              path + ": " + std::generic_category().message(errno));
}

Result<std::string> read_text(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return system_fault(path);
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorCode::kUnsupported, path + ": keys must stand in a regular file");
  }
  if ((info.st_mode & S_IWOTH) != 0) {
    return fail(ErrorCode::kUnsupported,
                path + ": everybody on this machine may write keys into it; chmod 600 first");
  }
  std::string text(kKeyFileBytesMax + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_fault(path);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return text;
}

}  // namespace

Result<std::vector<ApiKey>> parse_keys(std::string_view text, const std::string& file) {
  if (text.size() > kKeyFileBytesMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: larger than {} KiB, the most that a file of keys may have", file,
                            kKeyFileBytesMax >> 10));
  }
  QAIO_ASSIGN(const TomlFile toml, TomlFile::parse(text, file));
  TomlReader whole(toml.root().table, file, "the file");
  whole.take("key");
  QAIO_RETURN_IF_ERROR(whole.done());
  QAIO_ASSIGN(const auto tables, toml_tables(toml, "key", kKeysMax));
  std::vector<ApiKey> keys;
  for (const toml::table* table : tables) {
    QAIO_ASSIGN(ApiKey key, read_key(*table, file));
    const std::string place = toml_place(file, table->source());
    QAIO_RETURN_IF_ERROR(check_unique(keys, key, &ApiKey::name, "name", place));
    QAIO_RETURN_IF_ERROR(check_unique(keys, key, &ApiKey::id, "id", place));
    QAIO_RETURN_IF_ERROR(check_unique(keys, key, &ApiKey::hash, "hash", place));
    keys.push_back(std::move(key));
  }
  return keys;
}

std::string key_text(const ApiKey& key) {
  return fmt::format("[[key]]\nname = \"{}\"\nid = \"{}\"\nhash = \"{}\"\nscopes = [\"{}\"]\n",
                     key.name, key.id, hash_text(key.hash),
                     fmt::join(key.scopes.names(), "\", \"")) +
         time_field("created", key.created_unix_ms) + time_field("expires", key.expires_unix_ms) +
         limit_field("requests_max", key.limits.requests_max) +
         limit_field("requests_per_minute", key.limits.requests_per_minute) +
         limit_field("tokens_per_minute", key.limits.tokens_per_minute);
}

Result<std::string> read_key_text(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return system_fault(path);
  Result<std::string> text = read_text(fd, path);
  ::close(fd);
  return text;
}

Result<std::vector<ApiKey>> read_keys(const std::string& path) {
  QAIO_ASSIGN(const std::string text, read_key_text(path));
  return parse_keys(text, path);
}

}  // namespace qaio
