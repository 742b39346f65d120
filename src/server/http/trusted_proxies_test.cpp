#include "server/http/trusted_proxies.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace qaio {
namespace {

using testing::HasSubstr;

TrustedProxies trusting(const std::vector<std::string>& proxies) {
  auto parsed = TrustedProxies::parse(proxies);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value_or(TrustedProxies());
}

const std::vector<std::string> kLocal = {"127.0.0.1", "10.0.0.0/8", "fd00::/8"};

std::string by_list(std::vector<std::string> lines, const std::string& peer = "127.0.0.1") {
  return trusting(kLocal).caller(peer, {.x_forwarded_for = std::move(lines)}).client;
}
std::string by_forwarded(std::vector<std::string> lines, const std::string& peer = "127.0.0.1") {
  return trusting(kLocal).caller(peer, {.forwarded = std::move(lines)}).client;
}

TEST(TrustedProxiesTest, NetworksOfBothKinds) {
  const TrustedProxies proxies = trusting(
      {"192.0.2.7", "10.16.0.0/12", "::ffff:198.51.100.0/24", "2001:db8:8000::/33", "::1"});
  for (const char* inside : {"192.0.2.7", "::ffff:192.0.2.7", "10.16.0.0", "10.31.255.255",
                             "198.51.100.9", "2001:db8:8000::1", "2001:db8:ffff::", "::1"}) {
    EXPECT_TRUE(proxies.trusts(inside)) << inside;
  }
  for (const char* outside : {"192.0.2.8", "10.32.0.0", "10.15.255.255", "198.51.101.9",
                              "2001:db8:7fff::1", "::2", "unix", "", "_hidden", "localhost"}) {
    EXPECT_FALSE(proxies.trusts(outside)) << outside;
  }
  EXPECT_TRUE(trusting({"0.0.0.0/0"}).trusts("203.0.113.1"));
  EXPECT_FALSE(trusting({"0.0.0.0/0"}).trusts("2001:db8::1"));
  EXPECT_TRUE(trusting({"unix"}).trusts("unix"));
  EXPECT_FALSE(TrustedProxies().trusts("127.0.0.1"));
}

TEST(TrustedProxiesTest, WhatIsNoNetworkIsRefusedByName) {
  for (const char* wrong : {"", "proxy.example.org", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
                            "10.0.0.0/8/8", "::/129", "10.0.0/8", "[::1]", "10.0.0.1:80", "/8"}) {
    const auto parsed = TrustedProxies::parse({"127.0.0.1", wrong});
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_THAT(parsed.error().message, HasSubstr("'" + std::string(wrong) + "'"));
  }
}

TEST(TrustedProxiesTest, WithoutTrustHeadersSayNothing) {
  EXPECT_EQ(by_list({"203.0.113.9"}, "192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(by_forwarded({"for=203.0.113.9"}, "192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(by_list({"203.0.113.9"}, "unix"), "unix");
  EXPECT_EQ(by_list({}), "127.0.0.1");
  EXPECT_EQ(trusting({"unix"}).caller("unix", {.x_forwarded_for = {"203.0.113.9"}}).client,
            "203.0.113.9");
}

TEST(TrustedProxiesTest, TheRightmostThatIsNotTrustedIsTheCaller) {
  EXPECT_EQ(by_list({"203.0.113.9"}), "203.0.113.9");
  EXPECT_EQ(by_list({"1.2.3.4, 203.0.113.9"}), "203.0.113.9");
  EXPECT_EQ(by_list({"1.2.3.4", "203.0.113.9,10.1.1.1 ,\t10.2.2.2"}), "203.0.113.9");
  EXPECT_EQ(by_list({"10.3.3.3, 10.1.1.1"}), "10.3.3.3");
  EXPECT_EQ(by_list({"203.0.113.9,"}), "203.0.113.9");
  EXPECT_EQ(by_list({", ,203.0.113.9, ,"}), "203.0.113.9");
}

TEST(TrustedProxiesTest, AddressesAreWrittenInManyWays) {
  EXPECT_EQ(by_list({"203.0.113.9:61234"}), "203.0.113.9");
  EXPECT_EQ(by_list({"2001:DB8::0:1"}), "2001:db8::1");
  EXPECT_EQ(by_list({"[2001:db8::1]"}), "2001:db8::1");
  EXPECT_EQ(by_list({"[2001:db8::1]:443"}), "2001:db8::1");
  EXPECT_EQ(by_list({"::ffff:203.0.113.9"}), "203.0.113.9");
  EXPECT_EQ(by_list({"1.2.3.4, ::ffff:10.0.0.1"}), "1.2.3.4");
  EXPECT_EQ(by_list({"_hidden"}), "_hidden");
}

TEST(TrustedProxiesTest, WhatIsNoAddressEndsTheWalk) {
  for (const char* wrong :
       {"unknown", "localhost", "203.0.113.9:", "203.0.113.9:port", "203.0.113.9:70000",
        "203.0.113", "[2001:db8::1", "2001:db8::1]:80", "[203.0.113.9]:80", "203.0.113.9 1.2.3.4",
        "\"203.0.113.9\"", "_", "_bad name", "-", "[]", "[]:80", ":80", "::ffff:203.0.113.9:80x"}) {
    EXPECT_EQ(by_list({wrong}), "127.0.0.1") << wrong;
    EXPECT_EQ(by_list({std::string("1.2.3.4, ") + wrong}), "127.0.0.1") << wrong;
    EXPECT_EQ(by_list({std::string(wrong) + ", 10.9.9.9"}), "10.9.9.9") << wrong;
    EXPECT_EQ(by_list({std::string(wrong) + ", 203.0.113.9"}), "203.0.113.9") << wrong;
  }
  EXPECT_EQ(by_list({"_" + std::string(100, 'x')}), "127.0.0.1");
}

TEST(TrustedProxiesTest, ForwardedAsInItsRfc) {
  EXPECT_EQ(by_forwarded({"for=192.0.2.60;proto=http;by=203.0.113.43"}), "192.0.2.60");
  EXPECT_EQ(by_forwarded({"For=\"[2001:db8:cafe::17]:4711\""}), "2001:db8:cafe::17");
  EXPECT_EQ(by_forwarded({"for=\"203.0.113.9:_port\" ; proto=https"}), "203.0.113.9");
  EXPECT_EQ(by_forwarded({"for=\"_gazonk\""}), "_gazonk");
  EXPECT_EQ(by_forwarded({"for=_SEVKISEK"}), "_SEVKISEK");
  EXPECT_EQ(by_forwarded({"for=192.0.2.43, for=198.51.100.17;by=203.0.113.60"}), "198.51.100.17");
  EXPECT_EQ(by_forwarded({"for=192.0.2.43", "by=_x;for=10.0.0.1"}), "192.0.2.43");
  EXPECT_EQ(by_forwarded({"for=1.2.3.4;x=\"a,b;c\\\"d\", for=203.0.113.9"}), "203.0.113.9");
}

TEST(TrustedProxiesTest, AForwardedThatIsNotUnderstoodNamesTheProxy) {
  for (const char* wrong :
       {"for=unknown", "for", "for=", "for=\"", "for=\"203.0.113.9", "for=\"203.0.113.9\\", "=x",
        "for=203.0.113.9 1.2.3.4", "for=[2001:db8::1]", "for=\"203.0.113.9\"x", "by=203.0.113.9",
        "for =203.0.113.9", "for= 203.0.113.9", "for=\"\"", "for=203.0.113.9:80", "\"for\"=1.2.3.4",
        "proto=https", "for=\"203\\.0.113.9\""}) {
    EXPECT_EQ(by_forwarded({wrong}), "127.0.0.1") << wrong;
    EXPECT_EQ(by_forwarded({"for=1.2.3.4", wrong}), "127.0.0.1") << wrong;
    EXPECT_EQ(by_forwarded({wrong, "for=203.0.113.9"}), "203.0.113.9") << wrong;
    // a client's quote must not swallow what the proxy adds, and make its own words the last
    const std::string client = by_forwarded({std::string(wrong) + ", for=\"203.0.113.9:80\""});
    EXPECT_THAT(client, testing::AnyOf("203.0.113.9", "127.0.0.1")) << wrong;
  }
  EXPECT_EQ(by_forwarded({"for=1.2.3.4;x=\", for=\"[2001:db8::1]:80\""}), "127.0.0.1");
}

TEST(TrustedProxiesTest, IfBothHeadersAreThereTheyMustAgree) {
  const TrustedProxies proxies = trusting(kLocal);
  const auto both = [&](std::string list, std::string forwarded) {
    return proxies
        .caller("127.0.0.1",
                {.x_forwarded_for = {std::move(list)}, .forwarded = {std::move(forwarded)}})
        .client;
  };
  EXPECT_EQ(both("203.0.113.9", "for=203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(both("1.2.3.4, 203.0.113.9", "for=\"203.0.113.9:80\""), "203.0.113.9");
  EXPECT_EQ(both("203.0.113.9", "for=1.2.3.4"), "127.0.0.1");
  EXPECT_EQ(both("203.0.113.9", "for=\""), "127.0.0.1");
  EXPECT_EQ(both("", "for=203.0.113.9"), "203.0.113.9");
}

TEST(TrustedProxiesTest, WhetherTheCallerUsesHttps) {
  const TrustedProxies proxies = trusting(kLocal);
  const auto https = [&](ForwardedHeaders headers, const char* peer = "127.0.0.1") {
    return proxies.caller(peer, headers).https;
  };
  EXPECT_TRUE(https({.x_forwarded_for = {"1.2.3.4"}, .x_forwarded_proto = {"https"}}));
  EXPECT_TRUE(https({.x_forwarded_proto = {"HTTPS"}}));
  EXPECT_TRUE(https({.x_forwarded_proto = {"http, https"}}));
  EXPECT_TRUE(https({.forwarded = {"for=1.2.3.4;proto=https"}}));
  EXPECT_TRUE(https({.forwarded = {"for=1.2.3.4;proto=https, for=10.0.0.1;proto=http"}}));
  EXPECT_FALSE(https({.forwarded = {"for=9.9.9.9;proto=https, for=1.2.3.4;proto=http"}}));
  EXPECT_FALSE(https({.x_forwarded_proto = {"https, http"}}));
  EXPECT_FALSE(https({.x_forwarded_proto = {"httpss"}}));
  EXPECT_FALSE(https({.x_forwarded_proto = {"https"}}, "192.0.2.1"));
}

}  // namespace
}  // namespace qaio
