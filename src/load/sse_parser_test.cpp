#include "load/sse_parser.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace qaio {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

Events parse(const std::vector<std::string_view>& pieces) {
  SseParser parser;
  Events events;
  for (const std::string_view piece : pieces) {
    const auto pushed = parser.push(
        piece, [&](const SseEvent& event) { events.emplace_back(event.name, event.data); });
    EXPECT_TRUE(pushed);
  }
  return events;
}

TEST(SseParser, Events) {
  EXPECT_EQ(parse({"data: one\n\nevent: token\ndata: two\n\n"}),
            (Events{{"", "one"}, {"token", "two"}}));
}

TEST(SseParser, FollowsTheStandard) {
  EXPECT_EQ(parse({"data: a\ndata:b\ndata:  c\n\n"}), (Events{{"", "a\nb\n c"}}));
  EXPECT_EQ(parse({"data\n\ndata\ndata\n\n"}), (Events{{"", ""}, {"", "\n"}}));
  EXPECT_EQ(parse({": comment\n\nid: 7\nretry: 10\ndata: x\nunknown: y\n\n"}), (Events{{"", "x"}}));
  EXPECT_EQ(parse({"event: lost\n\ndata: x\n\n"}), (Events{{"", "x"}}));
  EXPECT_EQ(parse({"\xEF\xBB\xBF"
                   "data: x\n\n\xEF\xBB\xBF"
                   "data: y\n\n"}),
            (Events{{"", "x"}}));
  EXPECT_EQ(parse({"data: never ended\n"}), Events{});
}

// However the bytes of one answer are cut in three, the same events come out.
TEST(SseParser, EverySplit) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    std::string text = "\xEF\xBB\xBF";
    for (const char* line :
         {"event: token", "data: {\"a\": 1}", "", ":", "", "data: x", "data: y", ""}) {
      text.append(line).append(end);
    }
    const Events expected = {{"token", "{\"a\": 1}"}, {"", "x\ny"}};
    const std::string_view bytes = text;
    for (size_t first = 0; first <= bytes.size(); ++first) {
      for (size_t second = first; second <= bytes.size(); ++second) {
        EXPECT_EQ(parse({bytes.substr(0, first), bytes.substr(first, second - first),
                         bytes.substr(second)}),
                  expected)
            << first << " " << second;
      }
    }
  }
}

TEST(SseParser, IsBounded) {
  const auto never = [](const SseEvent&) { FAIL(); };
  SseParser long_line;
  const std::string piece(1 << 16, 'x');
  Result<void> pushed;
  size_t bytes = 0;
  for (; pushed && bytes < 4 * SseParser::kEventBytesMax; bytes += piece.size())
    pushed = long_line.push(piece, never);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, ErrorCode::kResourceExhausted);
  EXPECT_LE(bytes, SseParser::kEventBytesMax + 2 * piece.size());

  SseParser many_lines;
  pushed = {};
  for (bytes = 0; pushed && bytes < 4 * SseParser::kEventBytesMax; bytes += piece.size())
    pushed = many_lines.push("data: " + piece + "\n", never);
  ASSERT_FALSE(pushed);
  EXPECT_LE(bytes, SseParser::kEventBytesMax + 2 * piece.size());
}

}  // namespace
}  // namespace qaio
