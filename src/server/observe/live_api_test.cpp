// GET /live and /live/events.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/observe/observe_fixture_for_test.h"
#include "telemetry/server_state_for_test.h"

namespace qaio {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

struct Event {
  std::string name;
  json::value data;
};

// Watches as a client without chunks, so that what comes is the events themselves.
class Listener {
 public:
  explicit Listener(uint16_t port, int receive_buffer_bytes = 0)
      : client_(port, receive_buffer_bytes) {
    client_.send("GET /live/events HTTP/1.0\r\nHost: localhost\r\n\r\n");
  }
  std::string head() { return until("\r\n\r\n"); }
  Event next() {
    std::string text = until("\n\n");
    while (text.starts_with(":")) text = until("\n\n");
    const size_t line_end = text.find("\ndata: ");
    if (!text.starts_with("event: ") || line_end == std::string::npos) return {"none: " + text, {}};
    return {text.substr(7, line_end - 7), json::parse(text.substr(line_end + 7))};
  }
  // What comes until the end.
  std::string rest() { return std::exchange(text_, {}) + client_.rest(); }
  void leave() { client_.close(); }

 private:
  std::string until(std::string_view mark) {
    while (text_.find(mark) == std::string::npos) {
      const std::string more = client_.receive();
      if (more.empty()) return {};
      text_ += more;
    }
    const size_t end = text_.find(mark);
    std::string found = text_.substr(0, end);
    text_.erase(0, end + mark.size());
    return found;
  }

  TestClient client_;
  std::string text_;
};

class LiveApiTest : public ObserveFixture {
 protected:
  void pass_second() {
    live_clock_.advance_ns(kSecondNs);
    observer_->flush();
  }
  // One that listens already.
  std::unique_ptr<Listener> listen() {
    auto listener = std::make_unique<Listener>(server_->port());
    EXPECT_THAT(listener->head(), HasSubstr("text/event-stream; charset=utf-8"));
    EXPECT_EQ(listener->next().name, "hello");
    EXPECT_EQ(listener->next().name, "slo");
    return listener;
  }
  json::array points(std::string_view query = "") {
    return get("/live" + std::string(query)).at("points").as_array();
  }
  // Of what has ended until now.
  std::string metrics() {
    observer_->flush();
    return client_->get("/metrics").body;
  }
};

TEST_F(LiveApiTest, AListenerIsToldWhatTheSeriesHolds) {
  start_observed();
  state_.run.version = "1.2.3";
  Listener listener(server_->port());
  EXPECT_THAT(listener.head(), HasSubstr("200 OK"));
  const Event hello = listener.next();
  EXPECT_EQ(hello.name, "hello");
  EXPECT_EQ(hello.data.at("version").as_string(), "1.2.3");
  EXPECT_TRUE(hello.data.at("model").is_null());
  EXPECT_EQ(hello.data.at("heat_bounds_ms").as_array().size(), kHeatBounds);
  const Event slo = listener.next();
  EXPECT_EQ(slo.name, "slo");
  const auto without_budget = [](json::value body) {
    for (json::value& rule : body.at("rules").as_array())
      rule.as_object().erase("error_budget");  // which tells how long it was counted
    return body;
  };
  EXPECT_EQ(without_budget(slo.data), without_budget(get("/slo")));

  ASSERT_EQ(chat().status, 200);
  ASSERT_EQ(client_->post("/chat", "{}").status, 400);
  get("/stats");  // on the same connection: both have left their records
  pass_second();
  const Event point = listener.next();
  EXPECT_EQ(point.name, "point");
  EXPECT_EQ(json::array({point.data}), points());
  EXPECT_EQ(point.data.at("t").as_int64(), 2000);
  EXPECT_EQ(number(point.data.at("s")), 1);
  EXPECT_EQ(point.data.at("requests").as_int64(), 2);
  EXPECT_EQ(point.data.at("answered").as_int64(), 1);
  EXPECT_EQ(point.data.at("client_error").as_int64(), 1);
  EXPECT_EQ(point.data.at("total").at("count").as_int64(), 1);
  EXPECT_GT(number(point.data.at("ttft").at("p50")), 0);
  EXPECT_EQ(point.data.at("heat").as_array().size(), 1u);
  EXPECT_GT(number(point.data.at("tasks").at("chat").at("stages").at("prefill")), 0);
  EXPECT_TRUE(point.data.at("tasks").as_object().contains("sentiment"));
  EXPECT_FALSE(point.data.as_object().contains("running"));
  double sum = 0;
  for (const auto& stage : point.data.at("stages").as_object()) sum += number(stage.value());
  EXPECT_NEAR(sum, number(point.data.at("total").at("max")), 0.01);
}

TEST_F(LiveApiTest, AnIdlePointSaysNothingOfTimes) {
  start_observed();
  pass_second();
  const json::object point = points().at(0).as_object();
  for (const char* name : {"total", "ttft", "tpot", "stages", "client"})
    EXPECT_FALSE(point.contains(name)) << name;
  EXPECT_TRUE(point.at("heat").as_array().empty());
  EXPECT_TRUE(point.at("tasks").as_object().empty());
}

TEST_F(LiveApiTest, SaysWhenTheModelIsReady) {
  start_observed();
  const auto listener = listen();
  pass_second();
  EXPECT_EQ(listener->next().name, "point");
  EXPECT_EQ(listener->next().name, "slo");  // its first state
  state_.engine = engine_at_work();
  state_.run.model = "a model";
  live_.set_state([] {
    LiveSeries::State state;
    state.engine = EngineState{.waiting = 1,
                               .running = 3,
                               .kv_blocks_used = 30,
                               .kv_blocks_pinned = 10,
                               .kv_blocks_cached = 20,
                               .kv_blocks_total = 100,
                               .states_used = 3,
                               .states_cached = 2,
                               .states_total = 8};
    state.records_dropped = 4;
    return state;
  });
  pass_second();
  const Event again = listener->next();
  EXPECT_EQ(again.name, "hello");
  EXPECT_EQ(again.data.at("model").as_string(), "a model");
  const Event point = listener->next();
  EXPECT_EQ(point.data.at("running").as_int64(), 3);
  EXPECT_EQ(point.data.at("kv_blocks_total").as_int64(), 100);
  EXPECT_EQ(point.data.at("states_cached").as_int64(), 2);
  EXPECT_EQ(point.data.at("records_dropped").as_int64(), 4);
  pass_second();
  EXPECT_EQ(listener->next().name, "point");
}

TEST_F(LiveApiTest, TellsTheRulesEveryTenSeconds) {
  start_observed();
  const auto listener = listen();
  std::string names;
  for (int i = 0; i < 25; ++i) pass_second();
  while (names.size() < 27) names += listener->next().name.substr(0, 1);
  EXPECT_EQ(names, "psppppppppppsppppppppppsppp");
}

TEST_F(LiveApiTest, ManyListenersAreToldTheSameAndOneTooManyIsRefused) {
  start_observed();
  std::vector<std::unique_ptr<Listener>> listeners;
  for (size_t i = 0; i < LiveEvents::kListenersMax; ++i) listeners.push_back(listen());
  const ClientResponse refusal = client_->get("/live/events");
  EXPECT_EQ(refusal.status, 503);
  EXPECT_EQ(refusal.error("code"), "resource_exhausted");
  EXPECT_THAT(refusal.error("message"), HasSubstr("64 clients watch the server already"));
  EXPECT_TRUE(refusal.headers.contains("Retry-After"));
  pass_second();
  const Event first = listeners.front()->next();
  for (size_t i = 1; i < listeners.size(); ++i) EXPECT_EQ(listeners[i]->next().data, first.data);
  listeners.pop_back();
  wait_until([&] {
    Listener next(server_->port());
    return next.head().find("200 OK") != std::string::npos;
  });
}

TEST_F(LiveApiTest, AListenerIsNoLoad) {
  limits_.requests_max = 1;
  limits_.client_requests_max = 1;
  start_observed();
  std::vector<std::unique_ptr<Listener>> listeners;
  listeners.reserve(3);
  for (int i = 0; i < 3; ++i) listeners.push_back(listen());
  EXPECT_EQ(chat().status, 200);
  const json::object stats = get("/stats");
  EXPECT_EQ(stats.at("windows").at("start").at("requests").as_int64(), 1);
  for (auto& listener : listeners) listener->leave();
  wait_until([&] { return server_->connections() == 1; });
  const std::string said = metrics();
  EXPECT_THAT(said, HasSubstr(R"(qaio_requests_total{route="/live/events",status="2xx"} 3)"));
  EXPECT_THAT(said, Not(HasSubstr("qaio_errors_total{"))) << "leaving is how they end";
  EXPECT_THAT(said, Not(HasSubstr(R"(duration_seconds_count{route="/live/events"})")));
  EXPECT_TRUE(list().size() == 1);
}

TEST_F(LiveApiTest, AStoppingServerEndsTheStreamsAndWaitsForNone) {
  start_observed();
  TestClient chunked(server_->port());
  chunked.send(TestClient::text("GET", "/live/events", ""));
  const auto listener = listen();
  std::thread stopping([&] { server_->stop(1h); });
  EXPECT_EQ(listener->rest(), "");
  const ClientResponse whole = chunked.read();
  stopping.join();
  EXPECT_EQ(whole.status, 200);
  EXPECT_THAT(whole.body, HasSubstr("event: hello"));
  observer_->flush();
  const std::string said = metrics_.text(state_);
  EXPECT_THAT(said, HasSubstr(R"(qaio_requests_total{route="/live/events",status="2xx"} 2)"));
  EXPECT_THAT(said, Not(HasSubstr("qaio_errors_total{")));
}

TEST_F(LiveApiTest, AStoppingServerWaitsForNoneThatDoesNotRead) {
  options_.stream_bytes_max = 8 << 20;
  options_.write_timeout = 1h;
  start_observed();
  const Listener sleeper(server_->port(), 4096);
  wait_until([&] { return server_->connections() == 2; });
  // More than the system holds for it.
  wait_until([&] {
    for (int i = 0; i < 50; ++i) pass_second();
    return server_->state().memory_bytes > size_t{64} << 10;
  });
  server_->stop(1h);
  EXPECT_EQ(server_->connections(), 0);
}

TEST_F(LiveApiTest, AListenerThatDoesNotReadIsDroppedAndNobodyElseWaits) {
  options_.stream_bytes_max = 32 << 10;
  options_.write_timeout = 100ms;
  start_observed();
  Listener sleeper(server_->port(), 4096);
  const auto reader = listen();
  wait_until([&] { return server_->connections() == 3; });
  for (int i = 0; i < 2000; ++i) {
    pass_second();
    while (reader->next().name != "point") {
    }
  }
  wait_until([&] { return server_->connections() == 2; });
  EXPECT_THAT(metrics(), HasSubstr(R"(qaio_errors_total{code="client_too_slow"} 1)"));
  EXPECT_LT(server_->state().memory_bytes, size_t{64} << 10);
  pass_second();
  while (reader->next().name != "point") {
  }
}

TEST_F(LiveApiTest, AnswersTheRanges) {
  start_observed();
  for (int i = 0; i < 605; ++i) pass_second();
  const json::object minutes = get("/live?range=10m");
  EXPECT_EQ(minutes.at("range").as_string(), "10m");
  EXPECT_EQ(minutes.at("step_s").as_int64(), 1);
  EXPECT_EQ(minutes.at("heat_bounds_ms").as_array().size(), kHeatBounds);
  EXPECT_EQ(number(minutes.at("heat_bounds_ms").at(1)), 0.133);
  const json::array all = minutes.at("points").as_array();
  ASSERT_EQ(all.size(), 600u);
  for (size_t i = 1; i < all.size(); ++i)
    EXPECT_EQ(all[i].at("t").as_int64(), all[i - 1].at("t").as_int64() + 1000);
  EXPECT_EQ(points(), all) << "by default";
  const json::array tens = points("?range=2h");
  ASSERT_EQ(tens.size(), 61u);
  EXPECT_EQ(number(tens.front().at("s")), 10);
  EXPECT_EQ(number(tens.back().at("s")), 5) << "what it has so far";
  EXPECT_EQ(tens.back().at("t"), all.back().at("t"));
  EXPECT_EQ(points("?range=1d").size(), 6u);
}

TEST_F(LiveApiTest, SaysWhatIsWrong) {
  start_observed();
  expect_refused("/live?range=1h", 400, "range", "'range' must be 10m, 2h or 1d");
  expect_refused("/live?range=", 400, "range", "'range' must be 10m, 2h or 1d");
  expect_refused("/live?step=1", 400, "step", "known are range");
  expect_refused("/live/events?range=2h", 400, "range", "there is none");
  EXPECT_EQ(client_->request("HEAD", "/live/events").status, 200);
  EXPECT_EQ(client_->request("HEAD", "/live").status, 200);
  EXPECT_EQ(client_->post("/live/events", "{}").status, 405);
  EXPECT_EQ(client_->get("/health/live").status, 200) << "the connection goes on";
}

}  // namespace
}  // namespace qaio
