#include "server/api/request_runner.h"

#include <gmock/gmock.h>

#include <deque>

#include "server/http/event_stream.h"

namespace qaio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Keeps what an endpoint says; its executor runs when the test says so.
class FakeCall final : public Call {
 public:
  explicit FakeCall(const Clock& clock) : Call(clock) { begin(clock.now_ns()); }

  void abandon() noexcept override { log.push_back("abandon"); }
  void respond(HttpResponse response) override {
    log.push_back("respond " + std::to_string(response.status));
    answer = std::move(response);
  }
  void expect_long_wait() override { log.push_back("expect_long_wait"); }
  void begin_stream(HttpResponse head) override {
    log.push_back("begin_stream");
    answer = std::move(head);
  }
  void send(std::string chunk) override { log.push_back(std::move(chunk)); }
  void end_stream() override { log.push_back("end_stream"); }
  void on_cancel(std::function<void()> cancel) override { cancel_ = std::move(cancel); }

  void run_posted() {
    while (!posted_.empty()) {
      const auto work = std::move(posted_.front());
      posted_.pop_front();
      work();
    }
  }
  void cancel() { cancel_(); }

  std::vector<std::string> log;
  HttpResponse answer;

 protected:
  void post_work(std::function<void()> work) override { posted_.push_back(std::move(work)); }

 private:
  std::deque<std::function<void()>> posted_;
  std::function<void()> cancel_;
};

// The test is its engine.
class FakeRunner final : public RequestRunner {
 public:
  FakeRunner(const std::shared_ptr<Call>& call, bool streams)
      : RequestRunner(call, nullptr, streams) {}

  void say(std::string event) {
    call().post([this, self = shared_from_this(), event] { send(event); });
  }
  void end(RequestOutcome outcome) {
    call().post([this, self = shared_from_this(), outcome] { finish(outcome); });
  }

  std::optional<Error> refusal;
  bool cancelled = false;

 private:
  Result<Cancel> start() override {
    if (refusal) return tl::unexpected<Error>(*refusal);
    return [this] { cancelled = true; };
  }
  void write_answer(const RequestOutcome& outcome, JsonWriter& json) override {
    json.begin_object().key("text").string(outcome.tasks.front().text);
  }
  void write_figures(const Breakdown& breakdown, JsonWriter& json) override {
    json.key("total_us").integer(breakdown.total_us).end_object();
  }
  void send_end(const RequestOutcome&) override { send("end"); }
  HttpResponse error_answer(const Error& error) const override { return error_response(error); }
  std::string error_event(std::string_view body) const override {
    return "error " + std::string(body);
  }
  void add_headers(HttpResponse& response) const override {
    response.headers.push_back({"X-Own", "1"});
  }
  std::string_view response_id() const override { return "own-1"; }
};

class RequestRunnerTest : public testing::Test {
 protected:
  std::shared_ptr<FakeRunner> runner(bool streams) {
    return std::make_shared<FakeRunner>(call_, streams);
  }
  // A generate task from 2 ms to 5 ms after the request's first byte.
  RequestOutcome outcome() const {
    TaskOutcome task;
    task.task = "chat";
    task.lane.start(begin_ns_ + 2'000'000);
    task.lane.finish(begin_ns_ + 5'000'000);
    task.finish_reason = FinishReason::kLength;
    task.text = "hello";
    task.history_dropped = 2;
    task.input_tokens = 7;
    task.max_new_tokens = 9;
    task.sampling.seed = 11;
    return {.tasks = {task}, .error = {}};
  }
  RequestOutcome failure() const {
    RequestOutcome out = outcome();
    out.error = out.tasks.front().error = Error{ErrorCode::kDeadlineExceeded, "too late", ""};
    return out;
  }
  int64_t stage_ns(Stage stage) const { return call_->record().lane.stage_ns(stage); }

  FakeClock clock_;
  const TimeNs begin_ns_ = clock_.now_ns();
  const std::shared_ptr<FakeCall> call_ = std::make_shared<FakeCall>(clock_);
};

TEST_F(RequestRunnerTest, AnAnswerHasItsStagesFiguresAndRecord) {
  const auto held = std::make_shared<int>();
  call_->hold(held);
  const auto run = runner(/*streams=*/false);
  clock_.advance_ns(1'000'000);
  run->run();
  EXPECT_THAT(call_->log, ElementsAre("expect_long_wait"));
  clock_.advance_ns(5'000'000);
  run->end(outcome());
  call_->run_posted();
  EXPECT_THAT(call_->log, ElementsAre("expect_long_wait", "respond 200"));
  EXPECT_EQ(call_->answer.body, R"({"text":"hello","total_us":6000})");
  EXPECT_EQ(call_->answer.headers.at(0).name, "Server-Timing");
  EXPECT_EQ(call_->answer.headers.at(1).name, "X-Own");
  EXPECT_EQ(held.use_count(), 1) << "its place is free";

  EXPECT_EQ(stage_ns(Stage::kParse), 1'000'000);
  EXPECT_EQ(stage_ns(Stage::kTasks), 4'000'000) << "until the last task's end";
  EXPECT_EQ(stage_ns(Stage::kSerialize), 1'000'000) << "from there on";
  const RequestRecord& record = call_->record();
  ASSERT_EQ(record.tasks.size(), 1u);
  const TaskRecord& task = record.tasks.front();
  EXPECT_EQ(task.task, "chat");
  EXPECT_EQ(task.finish_reason, "length");
  EXPECT_EQ(task.error_code, "");
  EXPECT_EQ(task.output_text, "hello");
  EXPECT_EQ(task.response_id, "own-1");
  EXPECT_EQ(task.settings.value().max_new_tokens, 9);
  EXPECT_EQ(task.settings.value().seed, 11u);
  EXPECT_EQ(record.history_dropped, 2);
  EXPECT_EQ(record.input_tokens, 7);
}

TEST_F(RequestRunnerTest, AStreamBeginsBeforeThereIsText) {
  const auto run = runner(/*streams=*/true);
  run->run();
  EXPECT_THAT(call_->log, IsEmpty()) << "a refusal may still come first";
  call_->run_posted();
  EXPECT_THAT(call_->log, ElementsAre("begin_stream"));
  EXPECT_EQ(call_->answer.headers.back().name, "X-Own");
  run->say("one");
  run->say("");
  run->say("two");
  run->end(outcome());
  call_->run_posted();
  EXPECT_THAT(call_->log, ElementsAre("begin_stream", "one", "two", "end", "end_stream"));
}

TEST_F(RequestRunnerTest, AnErrorInsideAStreamIsItsLastEvent) {
  const auto run = runner(/*streams=*/true);
  run->run();
  run->say("one");
  run->end(failure());
  call_->run_posted();
  ASSERT_EQ(call_->log.size(), 4u);
  EXPECT_THAT(call_->log[2], HasSubstr(R"(error {"error":{"code":"deadline_exceeded")"));
  EXPECT_EQ(call_->log[3], "end_stream");
  EXPECT_EQ(call_->record().error_code, "deadline_exceeded");
  EXPECT_EQ(call_->record().tasks.front().error_code, "deadline_exceeded");
  EXPECT_EQ(call_->record().tasks.front().finish_reason, "");
}

TEST_F(RequestRunnerTest, AnErrorBeforeTheHeadIsAnAnswer) {
  for (const bool streams : {false, true}) {
    call_->log.clear();
    const auto run = runner(streams);
    run->end(failure());  // before run() comes to open the stream
    run->run();
    call_->run_posted();
    ASSERT_FALSE(call_->log.empty());
    EXPECT_EQ(call_->log[streams ? 0 : 1], "respond 504");
  }
}

TEST_F(RequestRunnerTest, WhatIsNotStartedIsRefusedAtOnce) {
  const auto run = runner(/*streams=*/true);
  run->refusal = Error{ErrorCode::kResourceExhausted, "full", ""};
  run->run();
  call_->run_posted();
  EXPECT_THAT(call_->log, ElementsAre("respond 503"));
  EXPECT_THAT(call_->record().tasks, IsEmpty());
}

TEST_F(RequestRunnerTest, AClientThatLeavesCancels) {
  const auto run = runner(/*streams=*/false);
  run->run();
  EXPECT_FALSE(run->cancelled);
  call_->cancel();
  EXPECT_TRUE(run->cancelled);
}

}  // namespace
}  // namespace qaio
