// What the endpoints answer, and that every time in an answer adds up.
#include <fmt/format.h>

#include <cmath>

#include "config/toml_for_test.h"
#include "server/api/server_fixture_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

using ChatApiTest = ServerFixture;

// Milliseconds with three decimals as whole microseconds.
int64_t micros(const boost::json::value& value) {
  return std::llround(value.to_number<double>() * 1000);
}

int64_t micros(const boost::json::object& figures, std::string_view name) {
  const auto* value = figures.if_contains(name);
  EXPECT_NE(value, nullptr) << name;
  return value == nullptr ? -1 : micros(*value);
}

// The stages of a lane ("" or "chat.") and its unattributed time must be its total exactly.
void expect_tiles(const boost::json::object& breakdown, const std::string& lane, int64_t total) {
  int64_t sum = micros(breakdown, lane + "unattributed");
  EXPECT_GE(sum, 0);
  for (size_t i = 0; i < kStageCount; ++i) {
    const auto* stage =
        breakdown.if_contains(lane + std::string(stage_name(static_cast<Stage>(i))));
    // Without a prefix, prompt_build is the headline figure, not a stage of the request lane.
    if (stage == nullptr || (lane.empty() && i > static_cast<size_t>(Stage::kHttpWrite))) continue;
    EXPECT_GE(micros(*stage), 0);
    sum += micros(*stage);
  }
  EXPECT_EQ(sum, total) << "lane '" << lane << "'";
}

TEST_F(ChatApiTest, AnswersAsDocumented) {
  start("fine, thanks", 1ms);
  const ClientResponse response = post("/chat", R"({"input":"今天怎么样?","seed":1})");
  ASSERT_EQ(response.status, 200) << response.body;
  const boost::json::object answer = response.json();
  EXPECT_EQ(answer.at("request_id").as_string(), response.headers.at("X-Request-Id"));
  EXPECT_EQ(answer.at("sentiment").as_string(), "负面");
  EXPECT_GT(answer.at("sentiment_score").to_number<double>(), 0.5);
  EXPECT_LE(answer.at("sentiment_score").to_number<double>(), 1.0);
  EXPECT_EQ(answer.at("reply").as_string(), "fine, thanks");
  EXPECT_EQ(answer.at("finish_reason").as_string(), "stop");
  EXPECT_EQ(answer.at("history_dropped").as_int64(), 0);
  const auto& usage = answer.at("usage").as_object();
  EXPECT_GT(usage.at("prompt_tokens").as_int64(), 0);
  EXPECT_GT(usage.at("completion_tokens").as_int64(), 0);
  EXPECT_TRUE(usage.contains("cached_tokens"));
  const auto& metrics = answer.at("metrics").as_object();
  for (const char* name :
       {"total_response_time", "model_inference_time", "prompt_build_time", "output_parse_time",
        "queue_time", "ttft", "ttft_since_scheduled", "tpot", "cpu_usage", "memory_usage"}) {
    ASSERT_TRUE(metrics.contains(name)) << name;
    EXPECT_TRUE(metrics.at(name).is_number()) << name;
  }
  EXPECT_GT(metrics.at("memory_usage").to_number<double>(), 1);
}

TEST_F(ChatApiTest, TheBreakdownAddsUpExactly) {
  start("a reply of some words", 1ms);
  TestClient keep(server_->port());
  for (int i = 0; i < 10; ++i) {
    const ClientResponse response = keep.post("/chat", R"({"input":"hello there"})");
    const boost::json::object answer = response.json();
    const auto& breakdown = answer.at("breakdown").as_object();
    const int64_t total = micros(answer, "total_response_time_ms");
    expect_tiles(breakdown, "", total);
    expect_tiles(breakdown, "sentiment.", micros(breakdown, "sentiment.total"));
    expect_tiles(breakdown, "chat.", micros(breakdown, "chat.total"));
    EXPECT_EQ(micros(breakdown, "sentiment_analysis"), micros(breakdown, "sentiment.total"));
    EXPECT_EQ(micros(breakdown, "response_generation"), micros(breakdown, "chat.total"));
    EXPECT_LE(micros(breakdown, "response_generation"), micros(breakdown, "tasks"));
    EXPECT_EQ(micros(answer.at("metrics").as_object(), "total_response_time"), total);
    for (const auto& [name, value] : breakdown) EXPECT_TRUE(value.is_number()) << name;
    const std::string& timing = response.headers.at("Server-Timing");
    for (const auto& [name, value] : breakdown) {
      EXPECT_THAT(timing, HasSubstr(", " + std::string(name) + ";dur="));
    }
  }
}

TEST_F(ChatApiTest, LessThanOnePercentIsUnattributed) {
  start("a reply of some words", 8ms);
  TestClient keep(server_->port());
  const auto share = [](const StageLane& lane) {
    return static_cast<double>(lane.unattributed_ns()) / static_cast<double>(lane.wall_ns());
  };
  // The least of several: on a loaded machine a thread that is handed a result may wait for its
  // turn on a processor, which no stage of the program covers.
  std::map<std::string, double> best;
  const auto good = [&] {
    return !best.empty() &&
           std::ranges::all_of(best, [](const auto& one) { return one.second < 0.01; });
  };
  for (size_t i = 0; i < 100 && !good(); ++i) {
    ASSERT_EQ(keep.post("/chat", R"({"input":"hello there"})").status, 200);
    const RequestRecord left = record(i);
    std::vector<std::pair<std::string, double>> shares = {{"request", share(left.lane)}};
    for (const TaskRecord& task : left.tasks) shares.emplace_back(task.task, share(task.lane));
    for (const auto& [lane, value] : shares) {
      EXPECT_GE(value, 0.0) << lane;
      best[lane] = std::min(best.try_emplace(lane, 1.0).first->second, value);
    }
  }
  EXPECT_EQ(best.size(), 3U);
  for (const auto& [lane, value] : best) EXPECT_LT(value, 0.01) << lane;
}

TEST_F(ChatApiTest, TheRecordHasTheCompleteFigures) {
  start("ok", 1ms);
  const ClientResponse response = post("/chat", R"({"input":"hello"})");
  const RequestRecord left = record(0);
  EXPECT_EQ(left.request_id, response.headers.at("X-Request-Id"));
  EXPECT_EQ(left.method, "POST");
  EXPECT_EQ(left.path, "/chat");
  EXPECT_EQ(left.status, 200);
  EXPECT_GT(left.lane.stage_ns(Stage::kHttpWrite), 0);
  EXPECT_GE(left.lane.wall_ns() / 1000 + 1, micros(response.json(), "total_response_time_ms"));
  ASSERT_EQ(left.tasks.size(), 2U);
  EXPECT_EQ(left.tasks[0].task, "sentiment");
  EXPECT_EQ(left.tasks[0].label, "负面");
  EXPECT_EQ(left.tasks[0].finish_reason, "scored");
  EXPECT_EQ(left.tasks[1].finish_reason, "stop");
  size_t last = 0;  // a system that counts CPU time in ticks may show none for a short request
  while (record(last).cpu_ns == 0 && last < 1000) {
    post("/chat", R"({"input":"hello"})");
    ++last;
  }
  EXPECT_GT(record(last).cpu_ns, 0);
  EXPECT_GT(left.resident_bytes, 0);
}

TEST_F(ChatApiTest, RunsOnlyTheTasksAskedFor) {
  ASSERT_TRUE(tasks_.add_toml(
      toml_of("[[task]]\nname='intent'\nkind='classify'\nlabels=['question','order']\n")));
  start();
  boost::json::object answer = post("/chat", R"({"input":"x","tasks":["sentiment"]})").json();
  EXPECT_TRUE(answer.contains("sentiment"));
  EXPECT_FALSE(answer.contains("reply"));
  EXPECT_EQ(answer.at("finish_reason").as_string(), "scored");
  EXPECT_TRUE(answer.at("metrics").as_object().at("ttft").is_null());
  answer = post("/chat", R"({"input":"x","tasks":["chat","intent"]})").json();
  EXPECT_FALSE(answer.contains("sentiment"));
  EXPECT_TRUE(answer.contains("reply"));
  EXPECT_TRUE(answer.at("results").as_object().at("intent").as_object().contains("label"));
}

TEST_F(ChatApiTest, ReportsDroppedHistory) {
  start();
  std::string body = R"({"input":"x","history":[)";
  for (int i = 0; i < 40; ++i) {
    body += R"({"user":"a question of many words","bot":"an answer of many words"},)";
  }
  body.back() = ']';
  const boost::json::object answer = post("/chat", body + "}").json();
  EXPECT_GT(answer.at("history_dropped").as_int64(), 0);
  EXPECT_LT(answer.at("history_dropped").as_int64(), 40);
}

// Its tokens stand in the chat's prompt in the place of the task's own, and in no other prompt.
TEST_F(ChatApiTest, ASystemTextIsTheConversations) {
  start();
  const auto prompt_tokens = [&](const std::string& fields) {
    const boost::json::object answer = post("/chat", R"({"input":"x")" + fields + "}").json();
    return answer.at("usage").as_object().at("prompt_tokens").as_int64();
  };
  const auto text = [](std::string_view fields, std::string_view system) {
    return fmt::format(R"(,"system":"{}"{})", system, fields);
  };
  for (const std::string_view fields :
       {R"(,"tasks":["chat"])", R"(,"history":[{"user":"a","bot":"b"}])"}) {
    const int64_t one = prompt_tokens(text(fields, "1"));
    EXPECT_EQ(prompt_tokens(text(fields, "1 1 1 1")) - one,
              static_cast<int64_t>(tokenizer_->encode("1 1 1 1").size() -
                                   tokenizer_->encode("1").size()));
    const int64_t own = prompt_tokens(std::string(fields));
    EXPECT_EQ(prompt_tokens(text(fields, "")), own);
    EXPECT_EQ(prompt_tokens(std::string(fields) + R"(,"system":null)"), own);
  }
  EXPECT_EQ(post("/v1/tasks/chat", R"({"input":"x","system":"y"})").error("field"), "system");
}

TEST_F(ChatApiTest, StreamsSentimentTokensAndDone) {
  start("one two three", 2ms);
  const ClientResponse response = post("/chat", R"({"input":"x","stream":true})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("Content-Type"), "text/event-stream; charset=utf-8");
  std::string text;
  std::vector<std::string> names;
  boost::json::object done;
  for (size_t at = 0; at < response.body.size();) {
    const size_t end = response.body.find("\n\n", at);
    ASSERT_NE(end, std::string::npos);
    const std::string event = response.body.substr(at, end - at);
    at = end + 2;
    const size_t line = event.find('\n');
    names.push_back(event.substr(7, line - 7));
    const auto data = boost::json::parse(event.substr(line + 7)).as_object();
    if (names.back() == "token") text += data.at("text").as_string();
    if (names.back() == "done") done = data;
  }
  EXPECT_EQ(text, "one two three");
  EXPECT_EQ(names.back(), "done");
  EXPECT_EQ(std::ranges::count(names, "sentiment"), 1);
  EXPECT_GT(std::ranges::count(names, "token"), 1);
  EXPECT_EQ(done.at("reply").as_string(), text);
  expect_tiles(done.at("breakdown").as_object(), "", micros(done, "total_response_time_ms"));
}

TEST_F(ChatApiTest, AStreamWhoseClientLeavesIsCancelled) {
  start("a long reply of many words that takes a while", 20ms);
  TestClient leaver(server_->port());
  leaver.send(TestClient::text("POST", "/chat", R"({"input":"x","stream":true})"));
  EXPECT_THAT(leaver.receive(), HasSubstr("text/event-stream; charset=utf-8"));
  leaver.close();
  EXPECT_EQ(record(0).status, 499);
  EXPECT_EQ(engine_->load().running, 0);
}

TEST_F(ChatApiTest, AFullEngineIs503WithRetryAfter) {
  start("a reply", 100ms, /*queue_max=*/1);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 4; ++i) {  // eight tasks arrive within a step or two
    clients.push_back(std::make_unique<TestClient>(server_->port()));
    clients.back()->send(TestClient::text("POST", "/chat", R"({"input":"x"})"));
  }
  int refused = 0;
  for (const auto& each : clients) {
    const ClientResponse response = each->read();
    if (response.status == 200) continue;
    ++refused;
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.error("code"), "resource_exhausted");
    EXPECT_EQ(response.headers.at("Retry-After"), "1");
  }
  EXPECT_GT(refused, 0);
  EXPECT_EQ(client().get("/health").status, 200);
}

TEST_F(ChatApiTest, StopEndsTheReply) {
  start("one two three");
  const boost::json::object answer =
      post("/chat", R"({"input":"x","stop":[" three"],"top_k":1,"min_p":0.1})").json();
  EXPECT_EQ(answer.at("reply").as_string(), "one two");
  EXPECT_EQ(answer.at("finish_reason").as_string(), "stop");
  EXPECT_EQ(post("/v1/tasks/sentiment", R"({"input":"x","stop":"y"})").error("field"), "stop");
}

TEST_F(ChatApiTest, SingleTasks) {
  start("fine");
  const boost::json::object list = client().get("/v1/tasks").json();
  const auto& tasks = list.at("tasks").as_array();
  ASSERT_EQ(tasks.size(), 2U);
  EXPECT_EQ(tasks[0].at("name").as_string(), "sentiment");
  EXPECT_EQ(tasks[0].at("labels").as_array().size(), 2U);
  EXPECT_EQ(tasks[1].at("max_new_tokens").as_int64(), 128);
  EXPECT_EQ(tasks[1].at("top_k").as_int64(), 0);
  EXPECT_EQ(tasks[1].at("min_p").to_number<double>(), 0);
  EXPECT_EQ(tasks[1].at("repetition_penalty").to_number<double>(), 1);

  const boost::json::object sentiment = post("/v1/tasks/sentiment", R"({"input":"x"})").json();
  EXPECT_EQ(sentiment.at("label").as_string(), "负面");
  const auto& scores = sentiment.at("scores").as_object();
  EXPECT_NEAR(scores.at("正面").to_number<double>() + scores.at("负面").to_number<double>(), 1.0,
              1e-4);
  expect_tiles(sentiment.at("breakdown").as_object(), "",
               micros(sentiment, "total_response_time_ms"));

  const boost::json::object chat =
      post("/v1/tasks/chat", R"({"input":"x","max_new_tokens":1})").json();
  EXPECT_EQ(chat.at("finish_reason").as_string(), "length");
  EXPECT_EQ(chat.at("usage").as_object().at("completion_tokens").as_int64(), 1);
}

TEST_F(ChatApiTest, ARequestMayNameItsTime) {
  start("a long reply of many words that takes a while", 30ms);
  size_t number = 0;
  for (const std::string_view path : {"/chat", "/v1/tasks/chat"}) {
    EXPECT_EQ(post(path, R"({"input":"x","timeout_ms":40})").status, 504);
    EXPECT_EQ(record(number++).error_code, "deadline_exceeded");
  }
  EXPECT_EQ(post("/chat", R"({"input":"x","timeout_ms":60000.0})").status, 200);
}

// They are answered by a thread of their own.
TEST_F(ChatApiTest, LongTextsAreAnsweredAsShortOnes) {
  start();
  std::string words;
  for (int i = 0; i < 4000; ++i) words += "word ";
  const std::string body = R"({"content":")" + words + "\"}";
  const boost::json::object tokens = post("/tokenize", body).json();
  EXPECT_GT(tokens.at("tokens").as_array().size(), 4000U);
  EXPECT_EQ(record(0).status, 200);
  EXPECT_GT(record(0).lane.stage_ns(Stage::kTokenize), 0);
  EXPECT_GE(record(0).lane.unattributed_ns(), 0);
  const boost::json::object back = post("/detokenize", boost::json::serialize(tokens)).json();
  EXPECT_EQ(back.at("content").as_string(), words);
  EXPECT_EQ(post("/tokenize", body + "x").error("code"), "invalid_argument");

  const std::string padding(20'000, ' ');
  for (const std::string_view path : {"/chat", "/v1/tasks/chat", "/v1/tasks/sentiment"}) {
    EXPECT_EQ(post(path, padding + R"({"input":"x"})").status, 200);
  }
  EXPECT_EQ(post("/chat", padding + R"({"input":"x"})").json().at("reply").as_string(), "ok");
  EXPECT_EQ(post("/v1/completions", padding + R"({"prompt":"x"})").status, 200);
  EXPECT_THAT(post("/chat", padding + R"({"input":"x","stream":true})").body, HasSubstr("done"));
  EXPECT_EQ(post("/chat", padding + R"({"input":5})").error("field"), "input");
}

TEST_F(ChatApiTest, TooManyLongTextsAreRefused) {
  start();
  const std::string body = R"({"content":")" + std::string(600'000, 'x') + "\"}";
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 30; ++i) {  // sixteen may wait, and each takes tens of milliseconds
    clients.push_back(std::make_unique<TestClient>(server_->port()));
    clients.back()->send(TestClient::text("POST", "/tokenize", body));
  }
  EXPECT_EQ(client().get("/health").status, 200);
  std::map<int, int> statuses;
  for (const auto& each : clients) ++statuses[each->read().status];
  EXPECT_EQ(statuses.size(), 2U);
  EXPECT_GE(statuses[200], 16);
  EXPECT_GE(statuses[503], 1);
}

TEST_F(ChatApiTest, TokenizeAndDetokenizeAreInverse) {
  start();
  const std::string text = "<|im_start|>你好, \\\"world\\\" 😀";
  const std::string body = R"({"content":")" + text + "\"}";
  const boost::json::object tokens = post("/tokenize", body).json();
  EXPECT_EQ(tokens.at("tokens").as_array()[0].as_int64(), *tokenizer_->special("<|im_start|>"));
  const boost::json::object back = post("/detokenize", boost::json::serialize(tokens)).json();
  EXPECT_EQ(back.at("content").as_string(), "<|im_start|>你好, \"world\" 😀");

  const boost::json::object plain =
      post("/tokenize", R"({"content":"<|im_start|>","parse_special":false})").json();
  EXPECT_GT(plain.at("tokens").as_array().size(), 1U);
  const boost::json::object pieces =
      post("/tokenize", R"({"content":"a😀","with_pieces":true})").json();
  EXPECT_TRUE(pieces.at("tokens").as_array()[0].at("piece").is_string());
}

TEST_F(ChatApiTest, MoreNewTokensThanThereIsRoomForAreCutAndThatIsSaid) {
  start("one two three four five six seven eight nine ten");
  size_t number = 0;
  for (const std::string_view path : {"/chat", "/v1/tasks/chat"}) {
    for (const std::string_view most : {"1024", "8192", "1e6", "9223372036854775807"}) {
      const ClientResponse answer =
          post(path, fmt::format(R"({{"input":"x","max_new_tokens":{}}})", most));
      ASSERT_EQ(answer.status, 200) << answer.body;
      EXPECT_EQ(answer.json().at("finish_reason").as_string(), "stop");
      const RequestRecord left = record(number++);
      const TaskRecord& task = left.tasks.back();
      EXPECT_EQ(task.settings.value().max_new_tokens,
                engine_->positions_free() - static_cast<int>(task.counters.prompt_tokens));
    }
  }
}

TEST_F(ChatApiTest, TheServersLimitOfNewTokensCutsToo) {
  limits_.new_tokens_max = 3;
  start("one two three four five six seven eight nine ten");
  for (const std::string_view more : {"", R"(,"max_new_tokens":4)", R"(,"max_new_tokens":9999)"}) {
    const ClientResponse answer = post("/chat", fmt::format(R"({{"input":"x"{}}})", more));
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.json().at("finish_reason").as_string(), "length");
    EXPECT_EQ(answer.json().at("usage").as_object().at("completion_tokens").as_int64(), 3);
  }
}

}  // namespace
}  // namespace qaio
