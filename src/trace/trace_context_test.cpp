#include "trace/trace_context.h"

#include <gmock/gmock.h>

#include <set>
#include <thread>
#include <vector>

namespace qaio {
namespace {

constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContextTest, ReadsWhatItWrites) {
  const auto parent = parse_traceparent(kParent);
  ASSERT_TRUE(parent);
  EXPECT_EQ(trace_id_text(parent->trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(span_id_text(parent->span_id), "00f067aa0ba902b7");
  EXPECT_TRUE(parent->sampled);
  EXPECT_EQ(traceparent_text({.trace_id = parent->trace_id,
                              .span_id = parent->span_id,
                              .parent_span_id = 7,
                              .sampled = true}),
            kParent);
}

TEST(TraceContextTest, OnlyTheLowestFlagCounts) {
  const std::string head(kParent.substr(0, 53));
  EXPECT_FALSE(parse_traceparent(head + "00")->sampled);
  EXPECT_FALSE(parse_traceparent(head + "fe")->sampled);
  EXPECT_TRUE(parse_traceparent(head + "09")->sampled);
}

TEST(TraceContextTest, LaterVersionsMayHaveMoreBehind) {
  const std::string later = "cc" + std::string(kParent.substr(2));
  for (const std::string& text : {later, later + "-", later + "-what-comes-later"}) {
    const auto parent = parse_traceparent(text);
    ASSERT_TRUE(parent) << text;
    EXPECT_EQ(parent->trace_id, parse_traceparent(kParent)->trace_id);
  }
  EXPECT_FALSE(parse_traceparent(later + "x"));
}

TEST(TraceContextTest, WhatIsInvalidIsRefusedWhole) {
  const std::string good(kParent);
  const auto with = [&](size_t at, std::string_view text) {
    return std::string(good).replace(at, text.size(), text);
  };
  for (const std::string& text : {std::string(),
                                  std::string("00"),
                                  good.substr(0, 54),
                                  good + "-",
                                  good + "-00",
                                  good + " ",
                                  " " + good,
                                  with(0, "ff"),
                                  with(0, "0x"),
                                  with(0, "0A"),
                                  with(2, "_"),
                                  with(35, "_"),
                                  with(52, "_"),
                                  with(3, "4BF9"),
                                  with(36, "00F0"),
                                  with(53, "0g"),
                                  with(53, "0A"),
                                  with(3, "00000000000000000000000000000000"),
                                  with(36, "0000000000000000"),
                                  with(3, std::string_view("\0bf9", 4)),
                                  "cc" + good.substr(2, 50)}) {
    EXPECT_FALSE(parse_traceparent(text)) << '"' << text << '"';
  }
}

TEST(TraceContextTest, StateKeepsToTheGrammar) {
  std::string many = "k=v";
  for (int i = 0; i < 31; ++i) many += ",k=v";
  for (const std::string& text :
       {std::string(), std::string("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        std::string("a=1 , b=2,\t,  ,c=3"), std::string("tenant@system=x y z"), std::string("0a=1"),
        std::string("k=~!\"#$%&'()*+-./:;<>?@[]^_`{|}"), std::string(256, 'k') + "=v", many}) {
    EXPECT_TRUE(valid_tracestate(text)) << text;
  }
  for (const std::string& text :
       {std::string("key"), std::string("=v"), std::string("k="), std::string("K=v"),
        std::string("k =v"), std::string("_k=v"), std::string("k=a=b"), std::string("k=\x7f"),
        std::string("k=\xc3\xa4"), std::string("k=a\nb"), std::string(257, 'k') + "=v",
        "k=" + std::string(257, 'v'), many + ",k=v", "k=v," + std::string(512, ' ')}) {
    EXPECT_FALSE(valid_tracestate(text)) << text;
  }
}

TEST(TraceContextTest, ASpanContinuesItsParentsTrace) {
  const auto parent = parse_traceparent(kParent);
  const TraceContext span = begin_span(parent, " rojo=1,congo=2 ", true);
  EXPECT_EQ(span.trace_id, parent->trace_id);
  EXPECT_EQ(span.parent_span_id, parent->span_id);
  EXPECT_NE(span.span_id, parent->span_id);
  EXPECT_NE(span.span_id, 0u);
  EXPECT_TRUE(span.sampled);
  EXPECT_EQ(span.state, "rojo=1,congo=2");
  EXPECT_EQ(begin_span(parent, "no state", false).state, "");
}

TEST(TraceContextTest, WithoutAParentATraceBegins) {
  const TraceContext span = begin_span(std::nullopt, "rojo=1", false);
  EXPECT_TRUE(span.trace_id.valid());
  EXPECT_EQ(span.parent_span_id, 0u);
  EXPECT_EQ(span.state, "") << "a state without its parent means nothing";
  const auto again = parse_traceparent(traceparent_text(span));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->trace_id, span.trace_id);
  EXPECT_EQ(again->span_id, span.span_id);
  EXPECT_FALSE(again->sampled);
}

TEST(TraceContextTest, IdsOfManyThreadsAreAllDifferent) {
  constexpr int kEach = 2000;
  std::vector<std::vector<TraceContext>> made(4);
  std::vector<std::thread> threads;
  threads.reserve(made.size());
  for (auto& mine : made) {
    threads.emplace_back([&mine] {
      for (int i = 0; i < kEach; ++i) mine.push_back(begin_span(std::nullopt, {}, true));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<uint64_t> ids;
  for (const auto& mine : made) {
    for (const TraceContext& one : mine) {
      ids.insert({one.span_id, one.trace_id.high, one.trace_id.low});
    }
  }
  EXPECT_EQ(ids.size(), 4u * kEach * 3);
}

}  // namespace
}  // namespace qaio
