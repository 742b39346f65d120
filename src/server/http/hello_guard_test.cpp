#include "server/http/hello_guard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace qaio {
namespace {

using namespace std::string_literals;

std::string record(char type, const std::string& body) {
  return std::string{type, 3, 1, static_cast<char>(body.size() >> 8),
                     static_cast<char>(body.size() & 0xff)} +
         body;
}
std::string hello(size_t announced, size_t there) {
  return "\x01"s + static_cast<char>(announced >> 16) + static_cast<char>(announced >> 8 & 0xff) +
         static_cast<char>(announced & 0xff) + std::string(there, 'x');
}

constexpr char kHandshake = 22;
constexpr char kChangeCipherSpec = 20;
constexpr HelloGuard::Progress kFirst{};
constexpr HelloGuard::Progress kTls12{.answered = true};
constexpr HelloGuard::Progress kTls13{.answered = true, .tls_1_3 = true};

// All at once, byte by byte, and whatever lies between: the same.
bool passes(HelloGuard& guard, const std::string& bytes, HelloGuard::Progress progress) {
  const auto whole = std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  const auto in_pieces_of = [&](HelloGuard one, size_t size) {
    bool passed = true;
    for (size_t at = 0; at < whole.size() && passed; at += size) {
      passed = one.take(whole.subspan(at, std::min(size, whole.size() - at)), progress);
    }
    return passed;
  };
  const HelloGuard before = guard;
  const bool passed = guard.take(whole, progress);
  for (const size_t size : {1, 2, 3, 4, 5, 7, 9, 100}) {
    EXPECT_EQ(in_pieces_of(before, size), passed) << size;
  }
  return passed;
}

TEST(HelloGuardTest, ThoseOfClientsPass) {
  HelloGuard guard;
  EXPECT_TRUE(passes(guard, record(kHandshake, hello(517, 517)), kFirst));
  HelloGuard long_one;  // over two records
  EXPECT_TRUE(passes(long_one, record(kHandshake, hello(8000, 4000)), kFirst));
  EXPECT_TRUE(passes(long_one, record(kHandshake, std::string(4000, '\x05')), kFirst));
  HelloGuard half;
  EXPECT_TRUE(passes(half, record(kHandshake, hello(517, 517)).substr(0, 9), kFirst));
}

TEST(HelloGuardTest, OneThatAnnouncesMuchDoesNotAsSoonAsItHas) {
  for (const size_t announced : {16385, 100'000, 0xffffff}) {
    HelloGuard guard;
    EXPECT_FALSE(passes(guard, record(kHandshake, hello(announced, 100)).substr(0, 9), kFirst));
  }
  HelloGuard split;
  EXPECT_FALSE(passes(split, record(kHandshake, hello(100'000, 0).substr(0, 3)), kFirst));
  HelloGuard single;
  EXPECT_FALSE(passes(single, record(kHandshake, "\x01"), kFirst));
}

TEST(HelloGuardTest, NorDoesASecondOne) {
  HelloGuard guard;
  EXPECT_TRUE(passes(guard, record(kHandshake, hello(200, 200)), kFirst));
  EXPECT_TRUE(passes(guard, record(kChangeCipherSpec, "\x01"), kTls13));
  EXPECT_FALSE(passes(guard, record(kHandshake, hello(100'000, 10)), kTls13));
  HelloGuard in_advance;  // with the first one, before the server has said what it speaks
  EXPECT_FALSE(passes(in_advance,
                      record(kHandshake, hello(200, 200)) + record(kChangeCipherSpec, "\x01") +
                          record(kHandshake, hello(100'000, 10)),
                      kFirst));
}

TEST(HelloGuardTest, WhatIsEncryptedMayLookLikeAnything) {
  HelloGuard tls_1_2;
  EXPECT_TRUE(passes(tls_1_2, record(kHandshake, hello(200, 200)), kFirst));
  EXPECT_TRUE(passes(tls_1_2,
                     record(kChangeCipherSpec, "\x01") + record(kHandshake, hello(0xffffff, 36)),
                     kTls12));
  EXPECT_TRUE(passes(tls_1_2, record(kHandshake, hello(0xffffff, 36)), kTls12));
  HelloGuard tls_1_3;
  EXPECT_TRUE(passes(tls_1_3, record(kHandshake, hello(200, 200)), kFirst));
  EXPECT_TRUE(
      passes(tls_1_3, record(kChangeCipherSpec, "\x01") + record(23, hello(0xffffff, 36)), kTls13));
}

}  // namespace
}  // namespace qaio
