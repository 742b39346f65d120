#include "base/json_writer.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

TEST(JsonWriter, WritesNestedValues) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("a").begin_array().integer(1).integer(-2).end_array();
  json.key("b").begin_object().end_object().key("c").null().key("d").boolean(true).end_object();
  EXPECT_EQ(out, R"({"a":[1,-2],"b":{},"c":null,"d":true})");
}

TEST(JsonWriter, EscapesTextAndMendsBytes) {
  std::string out;
  JsonWriter(out).string(std::string_view("\"\\\n\t\r\x01\0你\xff", 11));
  EXPECT_EQ(out, "\"\\\"\\\\\\n\\t\\r\\u0001\\u0000你\uFFFD\"");
}

TEST(JsonWriter, MendsBytesOfNames) {
  std::string out;
  JsonWriter(out).begin_object().key("\xe4\"").integer(1).key("你").integer(2).end_object();
  EXPECT_EQ(out, "{\"\uFFFD\\\"\":1,\"你\":2}");
}

TEST(JsonWriter, NumbersAreReadable) {
  std::string out;
  JsonWriter json(out);
  json.begin_array().thousandths(580'123).thousandths(7).thousandths(-1).thousandths(0);
  json.number(0.5).number(1.0 / 0.0).end_array();
  EXPECT_EQ(out, "[580.123,0.007,-0.001,0.000,0.5,null]");
}

TEST(JsonWriter, RealsReadBackTheSame) {
  std::string out;
  JsonWriter(out)
      .begin_array()
      .real(0.1)
      .real(1.0 / 3)
      .real(1e300)
      .real(0.0 / 0.0)
      .raw("{}")
      .end_array();
  EXPECT_EQ(out, "[0.1,0.3333333333333333,1e+300,null,{}]");
}

}  // namespace
}  // namespace qaio
