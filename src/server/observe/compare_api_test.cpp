// GET /compare, over memory and over an archive.
#include "server/observe/observe_fixture_for_test.h"

namespace qaio {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class CompareApiTest : public ObserveFixture {
 protected:
  void chats(size_t count) {
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(chat(R"(["sentiment"])").status, 200);
  }
};

TEST_F(CompareApiTest, NamesWhatThereIs) {
  state_.run.version = "9.9";
  state_.run.model = "small";
  start_observed();
  EXPECT_EQ(get("/compare").at("versions").as_array().size(), 0u);
  EXPECT_TRUE(get("/compare").at("middle_unix_ms").is_null());
  chats(3);
  const json::object choices = get("/compare");
  ASSERT_EQ(choices.at("versions").as_array().size(), 1u);
  EXPECT_EQ(choices.at("versions").at(0).at("name").as_string(), "9.9");
  EXPECT_EQ(choices.at("versions").at(0).at("requests").as_int64(), 3);
  EXPECT_EQ(choices.at("versions").at(0).at("answered").as_int64(), 3);
  EXPECT_EQ(choices.at("models").at(0).at("name").as_string(), "small");
  EXPECT_EQ(choices.at("days").as_array().size(), 1u);
  EXPECT_LE(choices.at("days").at(0).at("first_unix_ms").as_int64(),
            choices.at("middle_unix_ms").as_int64());
  EXPECT_LE(choices.at("days").at(0).at("first_unix_ms").as_int64(),
            choices.at("days").at(0).at("last_unix_ms").as_int64());
}

TEST_F(CompareApiTest, OfMemory) {
  start_observed();
  chats(4);
  const json::object few = get("/compare?a_until=1h&b_since=1h&charts=1");
  EXPECT_EQ(few.at("verdict").as_string(), "too few");
  EXPECT_EQ(few.at("a").at("requests").as_int64(), 0);
  EXPECT_EQ(few.at("b").at("requests").as_int64(), 4);
  EXPECT_EQ(few.at("b").at("source").as_string(), "since 1h");
  EXPECT_THAT(std::string(few.at("sentence").as_string()),
              HasSubstr("0 of A and 4 of B were answered"));
  EXPECT_EQ(few.at("charts").as_array().size(), 0u);
  EXPECT_FALSE(get("/compare?a_until=1h&b_since=1h").contains("charts"));
  EXPECT_THAT(std::string(get("/compare?a_until=1h&b_since=1h&lang=zh").at("sentence").as_string()),
              HasSubstr("请求太少"));
}

TEST_F(CompareApiTest, VersionsOfTheArchive) {
  keep_archive();
  state_.run.version = "2.0";
  start_observed();
  chats(25);
  const json::object same = get("/compare?a_since=1h&b_since=1h&charts=1&task=sentiment");
  EXPECT_EQ(same.at("verdict").as_string(), "no difference");
  EXPECT_EQ(same.at("a").at("answered").as_int64(), 25);
  ASSERT_EQ(same.at("charts").as_array().size(), 1u);
  EXPECT_THAT(std::string(same.at("charts").at(0).at("svg").as_string()),
              testing::StartsWith("<svg xmlns="));
  EXPECT_EQ(get("/compare?a_since=1h&b_since=1h&last=7").at("b").at("requests").as_int64(), 7);
  EXPECT_EQ(get("/compare?a_since=1h&b_since=1h&task=chat").at("b").at("requests").as_int64(), 0);
  EXPECT_EQ(get("/compare?a_since=1h&b_version=none").at("b").at("requests").as_int64(), 0);
  make_archive_unreadable();
  expect_refused("/compare", 500, "", "the archive could not be read");
  expect_refused("/compare?a_since=1h&b_since=1h", 500, "", "the archive could not be read");
  EXPECT_EQ(archive_said().size(), 1u) << "the log is told once";
}

TEST_F(CompareApiTest, SaysWhatIsWrong) {
  start_observed();
  expect_refused("/compare?a_version=1", 400, "b_version", "must say what A is compared with");
  expect_refused("/compare?b_since=1h", 400, "a_version", "must say what B is compared with");
  expect_refused("/compare?a_since=soon&b_since=1h", 400, "a_since", "'soon' is no time");
  expect_refused("/compare?a_since=2h&b_since=1h&last=0", 400, "last", "from 1 to 100000");
  expect_refused("/compare?a_since=2h&b_since=1h&lang=de", 400, "lang", "en or zh");
  expect_refused("/compare?a_since=2h&b_since=1h&charts=yes", 400, "charts", "must be 0 or 1");
  expect_refused("/compare?a=1.0&b=1.1", 400, "a", "known are a_version, a_model");
}

}  // namespace
}  // namespace qaio
