#include "access/api_key.h"

#include <gmock/gmock.h>

#include <set>

namespace qaio {
namespace {

TEST(ApiKey, EachIsAnotherAndHasItsForm) {
  std::set<std::string> keys;
  std::set<std::string> ids;
  std::set<char> letters;
  for (int i = 0; i < 200; ++i) {
    const std::string key = draw_key();
    EXPECT_EQ(key.size(), 57u);
    const auto id = id_of_key(key);
    ASSERT_TRUE(id) << key;
    EXPECT_TRUE(is_key_id(*id));
    EXPECT_TRUE(key.starts_with("qaio_" + std::string(*id) + "_"));
    keys.insert(key);
    ids.emplace(*id);
    letters.insert(key.end() - 43, key.end());
  }
  EXPECT_EQ(keys.size(), 200u);
  EXPECT_EQ(ids.size(), 200u);
  EXPECT_EQ(letters.size(), 64u) << "all of base64url";
}

TEST(ApiKey, WhatHasAnotherFormHasNoId) {
  const std::string key = draw_key();
  ASSERT_TRUE(id_of_key(key));
  for (const std::string& other :
       {std::string(), std::string("qaio_"), std::string("sk-abc"), key.substr(1), key + "A",
        key.substr(0, 56), "QAIO" + key.substr(4), key.substr(0, 13) + "-" + key.substr(14),
        "qaio_A" + key.substr(6), key.substr(0, 56) + "+", key.substr(0, 56) + std::string(1, '\0'),
        " " + key.substr(0, 56), key + "\n", std::string(10'000, 'q')}) {
    EXPECT_FALSE(id_of_key(other)) << other;
  }
}

// As `printf %s KEY | sha256sum` has it.
TEST(ApiKey, TheHashIsThatOfTheWholeText) {
  EXPECT_EQ(hash_text(hash_of_key("abc").value()),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const KeyHash hash = hash_of_key(draw_key()).value();
  EXPECT_EQ(parse_hash(hash_text(hash)), hash);
  EXPECT_TRUE(same_hash(hash, hash));
  for (size_t byte = 0; byte < hash.size(); ++byte) {
    KeyHash other = hash;
    other[byte] ^= 1;
    EXPECT_FALSE(same_hash(hash, other)) << byte;
  }
}

TEST(ApiKey, OnlyWholeHashesAreRead) {
  const std::string text = hash_text(hash_of_key("abc").value());
  for (const std::string& other :
       {std::string(), text.substr(7), text + "0", text.substr(0, 70), "sha512:" + text.substr(7),
        text.substr(0, 70) + "g", text.substr(0, 70) + "A", " " + text}) {
    EXPECT_FALSE(parse_hash(other)) << other;
  }
}

TEST(ApiKey, ScopesAllowWhatTheySayAndAdminAllowsAll) {
  ScopeSet read;
  read.add(Scope::kRead);
  ScopeSet admin;
  admin.add(Scope::kAdmin);
  for (const Scope scope : {Scope::kRun, Scope::kRead, Scope::kMetrics, Scope::kAdmin}) {
    EXPECT_EQ(read.allows(scope), scope == Scope::kRead);
    EXPECT_TRUE(admin.allows(scope));
    EXPECT_EQ(scope_of_name(scope_name(scope)), scope);
  }
  EXPECT_FALSE(scope_of_name("Run"));
  EXPECT_FALSE(scope_of_name(""));
}

}  // namespace
}  // namespace qaio
