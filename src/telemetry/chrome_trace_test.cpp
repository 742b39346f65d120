#include "telemetry/chrome_trace.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "base/json.h"
#include "record/record_for_test.h"

namespace qaio {
namespace {

namespace json = boost::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kArrivedMs = 1'700'000'000'000;

class ChromeTraceTest : public testing::Test {
 protected:
  ChromeTraceTest() { set_.runs.emplace_back(); }

  // A request of 100 ms from `begin_ns` on, with a task of 10 tokens.
  std::shared_ptr<RequestRecord> add(const std::string& id, TimeNs begin_ns, uint32_t run = 0) {
    auto record = chat_record(100 * kMs, begin_ns);
    record->request_id = id;
    record->arrived_unix_ms = kArrivedMs + begin_ns / kMs;
    record->tasks.push_back(generate_task("chat", begin_ns + 12 * kMs, 30 * kMs, 10, 2 * kMs));
    set_.items.push_back({record, run});
    return record;
  }
  json::object written(std::span<const EngineStep> steps = {}) {
    text_ = chrome_trace(set_, steps);
    const auto value = parse_json(text_, "the trace");
    EXPECT_TRUE(value) << value.error().message;
    return value ? value->as_object() : json::object();
  }
  static json::array events(const json::object& trace, std::string_view phase) {
    json::array found;
    for (const json::value& event : trace.at("traceEvents").as_array()) {
      if (event.at("ph").as_string() == phase) found.push_back(event);
    }
    return found;
  }
  static std::vector<std::string> names(const json::array& events) {
    std::vector<std::string> names;
    for (const json::value& event : events) names.emplace_back(event.at("name").as_string());
    return names;
  }
  static double number(const json::value& value) { return value.to_number<double>(); }

  RecordSet set_;
  std::string text_;
};

TEST_F(ChromeTraceTest, LanesAreTracksAndStagesTheirEvents) {
  add("one", 5 * kMs);
  const json::object trace = written();
  const json::array intervals = events(trace, "X");
  EXPECT_THAT(names(intervals), ElementsAre("POST /chat", "http_read", "chat", "prompt_build",
                                            "queue", "prefill", "decode"));
  EXPECT_EQ(trace.at("otherData").at("origin_unix_ms").as_int64(), kArrivedMs + 5);
  const json::value& request = intervals[0];
  EXPECT_EQ(number(request.at("ts")), 0);
  EXPECT_EQ(number(request.at("dur")), 100'000) << "us";
  EXPECT_EQ(request.at("args").at("request_id").as_string(), "one");
  const json::value& decode = intervals[6];
  EXPECT_EQ(number(decode.at("ts")), 45'000);
  EXPECT_EQ(number(decode.at("dur")), 18'000);
  EXPECT_EQ(decode.at("args").at("tokens").as_int64(), 10);
  EXPECT_EQ(decode.at("tid"), intervals[2].at("tid")) << "the task's track";
  EXPECT_NE(decode.at("tid"), request.at("tid"));
  EXPECT_EQ(decode.at("pid"), request.at("pid"));
  const json::array moments = events(trace, "i");
  ASSERT_EQ(moments.size(), 1u);
  EXPECT_EQ(number(moments[0].at("ts")), 45'000);

  std::map<std::string, std::vector<std::string>> named;
  for (const json::value& event : events(trace, "M")) {
    if (const auto* name = event.at("args").as_object().if_contains("name")) {
      named[std::string(event.at("name").as_string())].emplace_back(name->as_string());
    }
  }
  EXPECT_THAT(named["process_name"], ElementsAre("requests 1"));
  EXPECT_THAT(named["thread_name"], ElementsAre("request", "task chat"));
}

TEST_F(ChromeTraceTest, RequestsThatOverlapStandApart) {
  add("a", 0);
  add("b", 50 * kMs);
  add("c", 120 * kMs);  // after a, during b
  add("d", 150 * kMs);
  std::map<std::string, int64_t> groups;
  for (const json::value& event : events(written(), "X")) {
    if (event.at("cat").as_string() != "request") continue;
    groups[std::string(event.at("args").at("request_id").as_string())] = event.at("pid").as_int64();
  }
  EXPECT_EQ(groups["a"], groups["c"]);
  EXPECT_EQ(groups["b"], groups["d"]);
  EXPECT_NE(groups["a"], groups["b"]);
}

TEST_F(ChromeTraceTest, StepsHaveATrackBesideTheRequests) {
  add("one", 5 * kMs);
  const std::vector<EngineStep> steps = {
      {.begin_ns = 4 * kMs, .end_ns = 20 * kMs, .sequences = 2, .prompt_tokens = 40},
      {.begin_ns = 20 * kMs,
       .end_ns = 22 * kMs,
       .forward_ns = 1'500'000,
       .sequences = 3,
       .prompt_tokens = 7,
       .cached_tokens = 32,
       .decode_tokens = 2},
      {.begin_ns = 22 * kMs, .end_ns = 24 * kMs, .sequences = 2, .decode_tokens = 2}};
  const json::object trace = written(steps);
  const json::array intervals = events(trace, "X");
  EXPECT_EQ(trace.at("otherData").at("origin_unix_ms").as_int64(), kArrivedMs + 4);
  EXPECT_THAT(names(json::array(intervals.begin(), intervals.begin() + 3)),
              ElementsAre("prefill", "prefill + decode", "decode"));
  EXPECT_EQ(number(intervals[0].at("ts")), 0);
  EXPECT_EQ(number(intervals[3].at("ts")), 1000) << "the request begins 1 ms later";
  const json::value& args = intervals[1].at("args");
  EXPECT_EQ(args.at("sequences").as_int64(), 3);
  EXPECT_EQ(args.at("prompt_tokens").as_int64(), 7);
  EXPECT_EQ(args.at("cached_tokens").as_int64(), 32);
  EXPECT_EQ(args.at("decode_tokens").as_int64(), 2);
  EXPECT_EQ(number(args.at("forward_ms")), 1.5);
  EXPECT_NE(intervals[0].at("pid"), intervals[3].at("pid"));
}

// Two processes: each has its own steady clock.
TEST_F(ChromeTraceTest, RunsMeetInWallTime) {
  add("a", 0);
  set_.runs.emplace_back();
  add("b", 7'000 * kMs, 1)->arrived_unix_ms = kArrivedMs + 30;
  const json::array intervals = events(written(), "X");
  EXPECT_EQ(number(intervals[0].at("ts")), 0);
  EXPECT_EQ(number(intervals[7].at("ts")), 30'000);
  EXPECT_NE(intervals[0].at("pid"), intervals[7].at("pid"));
  EXPECT_THAT(text_, HasSubstr("requests 1 of run 2"));
}

TEST_F(ChromeTraceTest, NothingIsATraceToo) {
  EXPECT_TRUE(written().at("traceEvents").as_array().empty());
  set_.runs.clear();
  const EngineStep step{.begin_ns = 1, .end_ns = 2};
  EXPECT_TRUE(written({&step, 1}).at("traceEvents").as_array().empty());
}

TEST_F(ChromeTraceTest, TextsStayOut) {
  const auto record = add("one", 0);
  record->input_text = "a secret";
  record->tasks[0].output_text = "another secret";
  written();
  EXPECT_THAT(text_, testing::Not(HasSubstr("secret")));
}

// Half of what the network took is laid before the request, for all one knows.
TEST_F(ChromeTraceTest, TheClientHasALane) {
  const auto record = add("one", 10 * kMs);
  ClientTimes times = client_times_of(*record, 4 * kMs, 6 * kMs);
  times.first_byte_ns = 3 * kMs;
  times.first_token_ns = 50 * kMs;
  record->client_times = times;
  add("two", 111 * kMs);  // while the client still shows the first
  const json::object trace = written();
  json::array of_client;
  std::set<int64_t> groups;
  for (const json::value& event : events(trace, "X")) {
    if (event.at("cat").as_string() == "client") of_client.push_back(event);
    if (event.at("cat").as_string() == "request") groups.insert(event.at("pid").as_int64());
  }
  EXPECT_THAT(names(of_client), ElementsAre("client", "waiting", "receiving", "rendering"));
  EXPECT_EQ(number(of_client[0].at("ts")), 0) << "the timeline begins with it";
  EXPECT_EQ(number(of_client[0].at("dur")), 110'000);
  EXPECT_EQ(number(of_client[0].at("args").at("network_ms")), 4);
  EXPECT_EQ(number(of_client[0].at("args").at("rendering_ms")), 6);
  EXPECT_EQ(number(of_client[1].at("dur")), 3000);
  EXPECT_EQ(number(of_client[3].at("ts")), 104'000);
  EXPECT_EQ(number(events(trace, "X")[4].at("ts")), 2000) << "the server's first byte";
  EXPECT_EQ(groups.size(), 2u) << "they overlap";
  const json::array moments = events(trace, "i");
  EXPECT_THAT(names(moments), Contains("first token painted"));
}

}  // namespace
}  // namespace qaio
