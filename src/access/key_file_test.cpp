#include "access/key_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "access/keys_for_test.h"
#include "base/utc_text.h"

namespace qaio {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHash =
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

// A table with these lines beside the ones that must be there.
std::string table(const std::string& more, const std::string& name = "app",
                  const std::string& id = "abcd1234") {
  return "[[key]]\nname = \"" + name + "\"\nid = \"" + id + "\"\nhash = \"" + std::string(kHash) +
         "\"\nscopes = [\"run\"]\n" + more;
}

std::string fault_of(const std::string& text) {
  const auto keys = parse_keys(text, "keys.toml");
  if (keys) return "none";
  EXPECT_EQ(keys.error().code, ErrorCode::kInvalidArgument) << keys.error().message;
  return keys.error().message;
}

TEST(KeyFile, WhatIsWrittenIsRead) {
  std::vector<ApiKey> keys = {
      known_key("a").key, known_key("b.c-d_2", {Scope::kAdmin, Scope::kMetrics}).key,
      known_key("all", {Scope::kRun},
                {.requests_max = 1, .requests_per_minute = 2, .tokens_per_minute = kKeyLimitMax})
          .key};
  keys[0].created_unix_ms.reset();
  keys[1].expires_unix_ms = 253'000'000'000'123;
  std::string text = "# for tests\n";
  for (const ApiKey& key : keys) text += key_text(key) + "\n";
  const auto read = parse_keys(text, "keys.toml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, keys);
  EXPECT_TRUE(parse_keys("", "keys.toml")->empty());
}

TEST(KeyFile, TimesAreThoseOfTheirZoneAndDaysBeginInUtc) {
  const auto expiry = [](const std::string& text) {
    const auto keys = parse_keys(table("expires = " + text + "\n"), "keys.toml");
    return keys ? utc_text(*keys->front().expires_unix_ms) : keys.error().message;
  };
  EXPECT_EQ(expiry("2027-01-31T12:00:00Z"), "2027-01-31T12:00:00.000Z");
  EXPECT_EQ(expiry("2027-01-31 00:30:00.5+02:00"), "2027-01-30T22:30:00.500Z");
  EXPECT_EQ(expiry("2027-01-31"), "2027-01-31T00:00:00.000Z");
  for (const char* wrong : {"2027-01-31T12:00:00", "\"2027-01-31\"", "12:00:00", "1790000000",
                            "0000-01-01", "9999-12-31", "true"}) {
    EXPECT_THAT(expiry(wrong), HasSubstr("keys.toml line 6: key 'app' needs a time for 'expires'"))
        << wrong;
  }
}

TEST(KeyFile, ExpiryIsReachedAtItsMoment) {
  ApiKey key;
  EXPECT_FALSE(key.expired(INT64_MAX));
  key.expires_unix_ms = 1000;
  EXPECT_FALSE(key.expired(999));
  EXPECT_TRUE(key.expired(1000));
}

struct Fault {
  std::string text;
  const char* message;
};

TEST(KeyFile, FaultsNameFileLineAndField) {
  const std::string other = table("", "b", "bbbb1234");
  for (const auto& [text, message] : std::initializer_list<Fault>{
           {"\n[[keys]]\n", "keys.toml line 2: the file has the unknown key 'keys'; known are key"},
           {"key = 3\n", "keys.toml line 1: 'key' must be written as [[key]] tables"},
           {"[[key]]\nid = \"abcd1234\"\n", "keys.toml line 1: key needs a 'name'"},
           {"[[key]]\nname = \"a b\"\n", "keys.toml line 2: key needs 1 to 64 letters"},
           {"[[key]]\nname = \"\"\n", "keys.toml line 2: key needs 1 to 64 letters"},
           {"[[key]]\nname = \"a\"\nid = \"ABCD1234\"\n",
            "keys.toml line 3: key 'a' needs an 'id' of 8 digits and small letters"},
           {"[[key]]\nname = \"a\"\n", "keys.toml line 1: key 'a' needs an 'id'"},
           {"[[key]]\nname = \"a\"\nid = \"abcd1234\"\nhash = \"sha256:12\"\n",
            "keys.toml line 4: key 'a' needs a 'hash'"},
           {"[[key]]\nname = \"a\"\nid = \"abcd1234\"\nhash = \"" + std::string(kHash) + "\"\n",
            "keys.toml line 1: key 'a' needs 'scopes', one or more of run, read, metrics, admin"},
           {table("scope = [\"run\"]\n"), "line 6: key 'app' has the unknown key 'scope'"},
           {table("expire = 2027-01-31\n"), "line 6: key 'app' has the unknown key 'expire'"},
           {table("requests_max = 0\n"),
            "line 6: key 'app' needs a whole number from 1 to 1000000000 for 'requests_max'"},
           {table("tokens_per_minute = 1.5\n"), "line 6: key 'app' needs a whole number"},
           {table("requests_per_minute = 1000000001\n"), "for 'requests_per_minute'"},
           {table("") + other + "scopes = 1\n", "keys.toml line "},
           {table("") + table("", "app", "bbbb1234"),
            "line 6: key 'app' has the same name as key 1, 'app'"},
           {table("") + table("", "b"), "line 6: key 'b' has the same id as key 1, 'app'"},
           {table("") + other, "line 6: key 'b' has the same hash as key 1, 'app'"},
           {"sk-12345\n", "keys.toml line 1: "},
           {std::string(kKeyFileBytesMax + 1, '#'), "keys.toml: larger than 1024 KiB"},
       }) {
    EXPECT_THAT(fault_of(text), HasSubstr(message)) << text.substr(0, 500);
  }
  std::string wrong_scope = table("");
  wrong_scope.replace(wrong_scope.find("[\"run\"]"), 7, "[\"run\", \"all\"]");
  EXPECT_THAT(fault_of(wrong_scope),
              HasSubstr("line 5: key 'app' has the unknown scope 'all'; known are run, read, "
                        "metrics, admin"));
}

TEST(KeyFile, ThereAreAtMostSoMany) {
  std::string text;
  for (size_t i = 0; i <= kKeysMax; ++i) {
    text += key_text(known_key("k" + std::to_string(i)).key);
    if (i + 1 < kKeysMax) continue;
    EXPECT_EQ(parse_keys(text, "keys.toml").has_value(), i + 1 == kKeysMax);
  }
  EXPECT_THAT(fault_of(text), HasSubstr("more than 1024 [[key]] tables"));
}

class KeyFileOnDisk : public testing::Test {
 protected:
  KeyFileOnDisk()
      : path_((std::filesystem::temp_directory_path() / ("qaio_keys_" + std::to_string(::getpid())))
                  .string()) {}
  ~KeyFileOnDisk() override { std::filesystem::remove_all(path_); }
  const std::string path_;
};

TEST_F(KeyFileOnDisk, OnlyARegularFileThatNotEverybodyWritesIsRead) {
  EXPECT_EQ(read_keys(path_).error().code, ErrorCode::kNotFound);
  std::ofstream(path_) << table("");
  ::chmod(path_.c_str(), 0640);
  EXPECT_EQ(read_keys(path_)->size(), 1u);
  ::chmod(path_.c_str(), 0622);
  EXPECT_THAT(read_keys(path_).error().message, HasSubstr("everybody on this machine may write"));
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(read_keys(path_).error().message, HasSubstr("regular file")) << "and nobody waits";
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_THAT(read_keys(path_).error().message, HasSubstr("regular file"));
}

TEST_F(KeyFileOnDisk, ALargeOneIsNotReadWhole) {
  std::ofstream(path_) << "#";
  std::filesystem::resize_file(path_, uintmax_t{1} << 40);  // sparse
  EXPECT_THAT(read_keys(path_).error().message, HasSubstr("larger than 1024 KiB"));
}

}  // namespace
}  // namespace qaio
