#include "server/http/head_lines.h"

#include <gmock/gmock.h>

#include <string>

namespace qaio {
namespace {

// The status of what is wrong, which must not depend on how the bytes come; 0: nothing.
int status_of(std::string_view bytes) {
  HeadLines whole;
  const auto fault = whole.take(bytes);
  HeadLines one_by_one;
  std::optional<HttpResponse> found;
  for (size_t i = 0; i < bytes.size() && !found; ++i) found = one_by_one.take(bytes.substr(i, 1));
  EXPECT_EQ(fault ? fault->body : "", found ? found->body : "");
  return fault ? fault->status : 0;
}

std::string head_of(size_t fields) {
  std::string head = "GET / HTTP/1.1\r\n";
  for (size_t i = 0; i < fields; ++i) head += "a: b\r\n";
  return head + "\r\n";
}

TEST(HeadLines, OrdinaryHeads) {
  EXPECT_EQ(status_of(head_of(1)), 0);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nX: a\tb  c \r\nCookie:\r\n\r\n"), 0);
  HeadLines lines;
  EXPECT_FALSE(lines.take(head_of(3)));
  EXPECT_EQ(lines.fields(), 3u);
}

TEST(HeadLines, LinesThatEndOtherwise) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: a\n\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\nX: b"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400);
  EXPECT_EQ(status_of("\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\rHost: a\r\r"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nX: a\rb\r\n\r\n"), 400);
}

TEST(HeadLines, LinesThatGoOnInTheNext) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nX: a\r\n\tb\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n X: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked"), 400);
}

TEST(HeadLines, ManyFields) {
  EXPECT_EQ(status_of(head_of(kHeaderFieldsMax)), 0);
  EXPECT_EQ(status_of(head_of(kHeaderFieldsMax + 1)), 431);
}

TEST(HeadLines, WhatIsBehindTheHeadIsNotItsOwn) {
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: a\r\n\r\n {\n \n\t1\n}"), 0);
  EXPECT_EQ(status_of(head_of(2) + head_of(200)), 0);
}

}  // namespace
}  // namespace qaio
