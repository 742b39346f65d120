#include "server/http/site_policy.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <array>

namespace qaio {
namespace {

using testing::HasSubstr;

RequestSite from_host(std::string host, bool over_loopback = true) {
  return {.host = std::move(host), .over_loopback = over_loopback};
}

RequestSite from_page(std::string origin, std::string host = "localhost:8080") {
  return {.host = std::move(host), .origin = std::move(origin), .over_loopback = true};
}

RequestSite without_origin(std::string_view site, std::string_view mode) {
  return {.host = "localhost:8080", .fetch_site = site, .fetch_mode = mode, .over_loopback = true};
}

TEST(SitePolicy, OverLoopbackOnlyNamesOfThisMachineAndAddressesAreTaken) {
  const SitePolicy policy({}, {});
  for (const char* host :
       {"localhost", "localhost:8080", "LocalHost:1", "localhost.", "app.localhost:8080",
        "127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "[::1]", "192.168.1.7:8080", ""}) {
    EXPECT_FALSE(policy.refuse(from_host(host))) << host;
  }
  for (const char* host : {"evil.example", "evil.example:8080", "localhost.evil.example",
                           "xlocalhost", "127.0.0.1.evil.example", "[evil]", "a@localhost"}) {
    const auto refused = policy.refuse(from_host(host));
    ASSERT_TRUE(refused) << host;
    EXPECT_EQ(refused->status, 403);
    EXPECT_EQ(refused->error_code, "host_not_allowed");
  }
  std::array<char, 256> own{};
  ASSERT_EQ(gethostname(own.data(), own.size() - 1), 0);
  EXPECT_FALSE(policy.refuse(from_host(own.data())));
  EXPECT_FALSE(policy.refuse({.over_loopback = true}));  // HTTP/1.0 need not say
}

TEST(SitePolicy, TheRefusalNamesTheOptionAndTheHostWithoutItsTricks) {
  const SitePolicy policy({}, {});
  EXPECT_THAT(policy.refuse(from_host("evil.example:80"))->body,
              HasSubstr("--allowed-host evil.example"));
  const std::string body = policy.refuse(from_host("evil'\x1b[31m" + std::string(999, 'x')))->body;
  EXPECT_EQ(body.find('\x1b'), std::string::npos);
  EXPECT_LT(body.size(), 600U);
}

TEST(SitePolicy, TheNameThatTheServerListensOnIsItsOwn) {
  const SitePolicy policy({}, {}, "Qaio.LAN");
  EXPECT_FALSE(policy.refuse(from_host("qaio.lan:8080")));
  EXPECT_TRUE(policy.refuse(from_host("evil.example")));
}

// There the names by which others know this machine are theirs to choose, unless they are given.
TEST(SitePolicy, ElsewhereHostsMatterOnceTheyAreGiven) {
  EXPECT_FALSE(SitePolicy({}, {}).refuse(from_host("box.lan", false)));
  const SitePolicy given({"Box.LAN", "api.example.org:443"}, {});
  EXPECT_FALSE(given.refuse(from_host("box.lan:8080", false)));
  EXPECT_FALSE(given.refuse(from_host("box.lan:8080", true)));
  EXPECT_FALSE(given.refuse(from_host("api.example.org", true)));
  EXPECT_FALSE(given.refuse(from_host("10.0.0.1:8080", false)));
  EXPECT_TRUE(given.refuse(from_host("evil.example", false)));
  const SitePolicy any({"*"}, {});
  EXPECT_FALSE(any.refuse(from_host("evil.example", true)));
}

TEST(SitePolicy, APageOfTheServerItselfMayUseIt) {
  const SitePolicy policy({"chat.example.org"}, {});
  EXPECT_FALSE(policy.refuse(from_page("http://localhost:8080")));
  EXPECT_FALSE(policy.refuse(from_page("http://LOCALHOST:8080")));
  EXPECT_FALSE(policy.refuse(from_page("https://chat.example.org", "chat.example.org")));
  EXPECT_FALSE(policy.refuse(without_origin("same-origin", "cors")));
  EXPECT_FALSE(policy.refuse(without_origin("none", "navigate")));
}

// Whoever is on the way can write what such a page does.
TEST(SitePolicy, APageInTheClearIsNotThatOfAServerOfHttps) {
  const SitePolicy policy({"chat.example.org"}, {"http://old.example.org"});
  const auto over_https = [](const char* origin, const char* host) {
    return RequestSite{.host = host, .origin = origin, .over_https = true};
  };
  EXPECT_FALSE(policy.refuse(over_https("https://chat.example.org", "chat.example.org")));
  EXPECT_TRUE(policy.refuse(over_https("http://chat.example.org", "chat.example.org")));
  EXPECT_TRUE(policy.refuse(over_https("HTTP://chat.example.org", "chat.example.org")));
  EXPECT_FALSE(policy.refuse(over_https("http://old.example.org", "chat.example.org")));
}

TEST(SitePolicy, APageOfAnotherSiteMayNot) {
  const SitePolicy policy({}, {});
  for (const char* origin : {"https://evil.example", "http://localhost:3000", "http://localhost",
                             "null", "file://", "", "chrome-extension://abc"}) {
    const auto refused = policy.refuse(from_page(origin));
    ASSERT_TRUE(refused) << origin;
    EXPECT_EQ(refused->status, 403);
    EXPECT_EQ(refused->error_code, "origin_not_allowed");
    EXPECT_THAT(refused->body, HasSubstr("--cors-origin"));
  }
  // Images and scripts carry no Origin. A link that the user follows is no page's doing.
  EXPECT_TRUE(policy.refuse(without_origin("cross-site", "no-cors")));
  EXPECT_TRUE(policy.refuse(without_origin("same-site", "no-cors")));
  EXPECT_FALSE(policy.refuse(without_origin("cross-site", "navigate")));
}

TEST(SitePolicy, OriginsCanBeAllowed) {
  const SitePolicy policy({}, {"https://Example.org/", "http://localhost:3000"});
  EXPECT_FALSE(policy.refuse(from_page("https://example.org")));
  EXPECT_FALSE(policy.refuse(from_page("http://localhost:3000")));
  EXPECT_TRUE(policy.refuse(from_page("http://example.org")));
  EXPECT_TRUE(policy.refuse(from_page("https://example.org.evil.example")));
  EXPECT_EQ(policy.cors_origin("http://localhost:3000"), "http://localhost:3000");
  EXPECT_EQ(policy.cors_origin("https://evil.example"), "");
  EXPECT_TRUE(policy.varies_by_origin());
  const SitePolicy any({}, {"*"});
  EXPECT_FALSE(any.refuse(from_page("https://evil.example")));
  EXPECT_FALSE(any.refuse(without_origin("cross-site", "no-cors")));
  EXPECT_EQ(any.cors_origin(""), "*");
  EXPECT_FALSE(any.varies_by_origin());
  // Whom a page's name was made to resolve to is still protected.
  EXPECT_TRUE(any.refuse(from_page("http://evil.example", "evil.example")));
}

}  // namespace
}  // namespace qaio
