#include "telemetry/otlp_spans.h"

#include <gmock/gmock.h>

#include <set>

#include "telemetry/otlp_for_test.h"

namespace qaio {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

json::array spans_of(const RequestRecord& record, const OtlpServer& server = kServer) {
  const OtlpSpans spans = otlp_spans(record, server);
  json::array array = parsed("[" + spans.json + "]").as_array();
  EXPECT_EQ(array.size(), spans.count);
  return array;
}

std::string text(const json::value& span, std::string_view name) {
  const json::value* value = span.as_object().if_contains(name);
  return value == nullptr ? "" : std::string(value->as_string());
}

json::value named(const json::array& spans, std::string_view name) {
  for (const json::value& span : spans) {
    if (text(span, "name") == name) return span;
  }
  ADD_FAILURE() << "no span " << name;
  return json::object();
}

int64_t time(const json::value& span, std::string_view end) {
  return std::stoll(text(span, std::string(end) + "TimeUnixNano"));
}

TEST(OtlpSpansTest, ARequestIsATree) {
  const auto record = traced_record();
  const json::array spans = spans_of(*record);
  std::vector<std::string> names;
  for (const json::value& span : spans) names.push_back(text(span, "name"));
  EXPECT_THAT(names, ElementsAre("POST /chat", "http_read", "tasks", "http_write", "classify demo",
                                 "prefill", "score", "chat demo", "prompt_build", "queue",
                                 "prefill", "decode"));
  EXPECT_EQ(text(spans[0], "parentSpanId"), "00f067aa0ba902b7");
  EXPECT_EQ(text(spans[0], "spanId"), span_id_text(record->trace.span_id));
  const std::string request = text(spans[0], "spanId");
  const std::string tasks = text(spans[2], "spanId");
  for (const size_t stage : {1, 2, 3}) EXPECT_EQ(text(spans[stage], "parentSpanId"), request);
  for (const size_t task : {4, 7}) EXPECT_EQ(text(spans[task], "parentSpanId"), tasks);
  for (const size_t stage : {5, 6}) {
    EXPECT_EQ(text(spans[stage], "parentSpanId"), text(spans[4], "spanId"));
  }
  std::set<std::string> ids;
  for (const json::value& span : spans) {
    EXPECT_EQ(text(span, "traceId"), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(text(span, "traceState"), "rojo=1");
    EXPECT_EQ(text(span, "spanId").size(), 16u);
    ids.insert(text(span, "spanId"));
    EXPECT_EQ(span.at("kind").as_int64(), &span == &spans[0] ? 2 : 1);
    EXPECT_EQ(span.at("flags").as_int64(), &span == &spans[0] ? 0x301 : 0x101);
    EXPECT_LE(time(span, "start"), time(span, "end"));
  }
  EXPECT_EQ(ids.size(), spans.size());
}

TEST(OtlpSpansTest, TimesFollowFromTheArrivalExactly) {
  const json::array spans = spans_of(*traced_record());
  EXPECT_EQ(time(spans[0], "start"), kArrivedMs * kMs);
  EXPECT_EQ(time(spans[0], "end"), kArrivedMs * kMs + 100 * kMs);
  const json::value decode = named(spans, "decode");
  EXPECT_EQ(time(decode, "start"), kArrivedMs * kMs + 33 * kMs);
  EXPECT_EQ(time(decode, "end"), kArrivedMs * kMs + 73 * kMs);
  const json::value event = named(spans, "chat demo").at("events").at(0);
  EXPECT_EQ(text(event, "name"), "qaio.first_token");
  EXPECT_EQ(text(event, "timeUnixNano"), std::to_string(kArrivedMs * kMs + 33 * kMs));
}

TEST(OtlpSpansTest, TheSameRecordHasTheSameSpans) {
  const auto record = traced_record();
  EXPECT_EQ(otlp_spans(*record, kServer).json, otlp_spans(*record, kServer).json);
  EXPECT_NE(otlp_spans(*record, kServer).json, otlp_spans(*traced_record(), kServer).json);
}

TEST(OtlpSpansTest, AttributesAreThoseOfTheConventions) {
  const json::array spans = spans_of(*traced_record());
  auto request = attributes_of(spans[0]);
  EXPECT_EQ(request["http.request.method"], "POST");
  EXPECT_EQ(request["http.route"], "/chat");
  EXPECT_EQ(request["url.path"], "/chat");
  EXPECT_EQ(request["http.response.status_code"], "200");
  EXPECT_EQ(request["server.address"], "127.0.0.1");
  EXPECT_EQ(request["server.port"], "8080");
  EXPECT_EQ(request["qaio.request.id"], "r-1");
  EXPECT_EQ(request["qaio.input.tokens"], "2");
  EXPECT_NEAR(std::stod(request["qaio.process.cpu_time"]), 0.08, 1e-9);
  EXPECT_FALSE(request.contains("error.type"));
  auto chat = attributes_of(named(spans, "chat demo"));
  EXPECT_EQ(chat["gen_ai.operation.name"], "chat");
  EXPECT_EQ(chat["gen_ai.provider.name"], "qaio");
  EXPECT_EQ(chat["gen_ai.request.model"], "demo");
  EXPECT_EQ(chat["gen_ai.usage.input_tokens"], "40");
  EXPECT_EQ(chat["gen_ai.usage.output_tokens"], "11");
  EXPECT_EQ(chat["gen_ai.usage.cache_read.input_tokens"], "32");
  EXPECT_EQ(chat["gen_ai.response.finish_reasons"], R"({"values":[{"stringValue":"stop"}]})");
  EXPECT_NEAR(std::stod(chat["qaio.time_to_first_token"]), 0.033, 1e-9);
  EXPECT_EQ(chat["gen_ai.request.max_tokens"], "64");
  EXPECT_EQ(std::stod(chat["gen_ai.request.temperature"]), 0.7) << "as it was written";
  EXPECT_EQ(std::stod(chat["gen_ai.request.top_p"]), 0.9);
  EXPECT_EQ(chat["gen_ai.request.seed"], "42");
  auto sentiment = attributes_of(named(spans, "classify demo"));
  EXPECT_FALSE(sentiment.contains("gen_ai.request.temperature"));
  EXPECT_EQ(sentiment["qaio.label"], "正面");
  EXPECT_EQ(std::stod(sentiment["qaio.score"]), 0.75);
  EXPECT_EQ(std::stod(sentiment["qaio.batch.mean"]), 2);
}

TEST(OtlpSpansTest, ErrorsAreTheServersOwnOnly) {
  const auto status_of = [](int status, const std::string& code) {
    const auto record = traced_record();
    record->status = status;
    record->error_code = code;
    const json::array spans = spans_of(*record);
    const bool failed = spans[0].as_object().contains("status");
    if (failed) {
      EXPECT_EQ(spans[0].at("status").at("code").as_int64(), 2);
    }
    const auto attributes = attributes_of(spans[0]);
    const auto type = attributes.find("error.type");
    EXPECT_EQ(type != attributes.end(), failed);
    EXPECT_EQ(attributes.contains("http.response.status_code"), status != 499);
    EXPECT_EQ(attributes.contains("qaio.error.code"), !code.empty());
    return failed ? type->second : std::string();
  };
  EXPECT_EQ(status_of(200, ""), "");
  EXPECT_EQ(status_of(400, "invalid_argument"), "");
  EXPECT_EQ(status_of(429, "too_many_requests"), "");
  EXPECT_EQ(status_of(499, "cancelled"), "cancelled");
  EXPECT_EQ(status_of(500, "internal"), "internal");
  EXPECT_EQ(status_of(503, "resource_exhausted"), "resource_exhausted");
  EXPECT_EQ(status_of(200, "deadline_exceeded"), "deadline_exceeded") << "within a stream";
}

TEST(OtlpSpansTest, AFailedTaskSaysSo) {
  const auto record = traced_record();
  record->tasks[1].error_code = "cancelled";
  record->tasks[1].finish_reason.clear();
  const json::value span = named(spans_of(*record), "chat demo");
  EXPECT_EQ(span.at("status").at("code").as_int64(), 2);
  EXPECT_EQ(attributes_of(span)["error.type"], "cancelled");
  EXPECT_FALSE(attributes_of(span).contains("gen_ai.response.finish_reasons"));
}

TEST(OtlpSpansTest, TextsOnlyIfTheRecordHasThem) {
  const auto record = traced_record();
  EXPECT_THAT(otlp_spans(*record, kServer).json, Not(HasSubstr("messages")));
  record->input_text = "say \"hi\"";
  record->tasks[1].output_text = "hi";
  auto chat = attributes_of(named(spans_of(*record), "chat demo"));
  EXPECT_EQ(parsed(chat["gen_ai.input.messages"]),
            parsed(R"([{"role":"user","parts":[{"type":"text","content":"say \"hi\""}]}])"));
  EXPECT_EQ(parsed(chat["gen_ai.output.messages"]),
            parsed(R"([{"role":"assistant","parts":[{"type":"text","content":"hi"}],)"
                   R"("finish_reason":"stop"}])"));
}

TEST(OtlpSpansTest, TheIdIsThatOfTheAnswersBody) {
  const auto record = traced_record();
  EXPECT_EQ(attributes_of(named(spans_of(*record), "chat demo"))["gen_ai.response.id"],
            record->request_id);
  record->tasks[1].response_id = "chatcmpl-1";
  EXPECT_EQ(attributes_of(named(spans_of(*record), "chat demo"))["gen_ai.response.id"],
            "chatcmpl-1");
  record->tasks[1].error_code = "cancelled";
  EXPECT_FALSE(attributes_of(named(spans_of(*record), "chat demo")).contains("gen_ai.response.id"))
      << "nothing was answered";
}

TEST(OtlpSpansTest, TheLatestConventionsTellTheReasonOnce) {
  const auto record = traced_record();
  record->tasks[1].output_text = "hi";
  OtlpServer server = kServer;
  server.genai = GenAiConventions::kLatest;
  auto chat = attributes_of(named(spans_of(*record, server), "chat demo"));
  EXPECT_EQ(parsed(chat["gen_ai.output.messages"]),
            parsed(R"([{"role":"assistant","parts":[{"type":"text","content":"hi"}]}])"));
  EXPECT_TRUE(chat.contains("gen_ai.response.finish_reasons"));
}

TEST(OtlpSpansTest, WhatIsNoHttpAndNoRouteIsASpan) {
  RequestRecord record;
  record.trace = begin_span(std::nullopt, {}, true);
  record.method = "BREW";
  record.path = "/pot";
  record.status = 404;
  record.lane.start(1);
  record.lane.finish(2);
  const json::array spans = spans_of(record, {});
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(text(spans[0], "name"), "HTTP");
  EXPECT_EQ(text(spans[0], "parentSpanId"), "");
  EXPECT_EQ(spans[0].at("flags").as_int64(), 0x101);
  auto attributes = attributes_of(spans[0]);
  EXPECT_EQ(attributes["http.request.method"], "_OTHER");
  EXPECT_EQ(attributes["http.request.method_original"], "BREW");
  EXPECT_EQ(attributes["url.path"], "/pot");
  EXPECT_FALSE(attributes.contains("http.route"));
  record.path = "/*";  // what is kept of another is no path
  EXPECT_FALSE(attributes_of(spans_of(record, {})[0]).contains("url.path"));
}

// One that was cancelled: the request's lane ends before its task's.
TEST(OtlpSpansTest, ATaskOutsideTheStageBelongsToTheRequest) {
  const auto record = traced_record();
  record->tasks[1].lane.finish(record->lane.begin_ns() + 95 * kMs);
  const json::array spans = spans_of(*record);
  EXPECT_EQ(text(named(spans, "chat demo"), "parentSpanId"), text(spans[0], "spanId"));
  EXPECT_EQ(text(named(spans, "classify demo"), "parentSpanId"), text(spans[2], "spanId"));
}

// The text counts once, however many questions there are.
TEST(OtlpSpansTest, QuestionsAboutATextAreCounted) {
  auto of_task = attributes_of(named(spans_of(*asking_record()), "classify demo"));
  EXPECT_EQ(of_task["gen_ai.operation.name"], "classify");
  EXPECT_EQ(of_task["qaio.questions"], "16");
  EXPECT_EQ(of_task["qaio.question_tokens"], "320");
  EXPECT_EQ(of_task["qaio.options"], "64");
  EXPECT_EQ(of_task["qaio.prompt_version"], "v-1");
  EXPECT_EQ(of_task["gen_ai.usage.input_tokens"], "720");
  EXPECT_EQ(of_task["gen_ai.usage.cache_read.input_tokens"], "96");
}

}  // namespace
}  // namespace qaio
