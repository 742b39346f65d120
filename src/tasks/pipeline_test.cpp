#include "tasks/pipeline.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/mutex.h"
#include "config/toml_for_test.h"
#include "tasks/scripted_model.h"
#include "tasks/tokenizer_for_test.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class PipelineTest : public testing::Test {
 protected:
  void SetUp() override {
    tokenizer_ = tokenizer_for_test();
    ASSERT_TRUE(tokenizer_);
  }

  void start(std::string_view reply, std::chrono::microseconds step = 0us, int queue_max = 128,
             ChatTemplate chat = ChatTemplate::chatml()) {
    ScriptedModel::Script script;
    script.reply = tokenizer_->encode(reply);
    script.end = *tokenizer_->special("<|im_end|>");
    script.favourite = tokenizer_->encode("负面").front();
    script.step = step;
    pipeline_.reset();
    engine_.reset();  // before its model
    model_ = std::make_unique<ScriptedModel>(script, tokenizer_->size());
    EngineOptions options;
    options.queue_max = queue_max;
    options.end_tokens = {script.end};
    engine_ = std::make_unique<Engine>(*model_, *tokenizer_, clock_, options);
    auto pipeline = Pipeline::create(tasks_, *engine_, *tokenizer_, clock_, std::move(chat));
    ASSERT_TRUE(pipeline) << pipeline.error().message;
    pipeline_ = std::move(*pipeline);
  }

  static PipelineRequest request(std::vector<std::string> tasks, std::string input = "hello") {
    PipelineRequest out;
    out.tasks = std::move(tasks);
    out.input = std::move(input);
    out.overrides.temperature = 0.0F;
    return out;
  }

  RequestOutcome run(const PipelineRequest& request, PipelineCallbacks callbacks = {}) {
    std::promise<RequestOutcome> promise;
    callbacks.on_done = [&](RequestOutcome outcome) { promise.set_value(std::move(outcome)); };
    const auto handle = pipeline_->run(request, std::move(callbacks));
    auto future = promise.get_future();
    EXPECT_EQ(future.wait_for(20s), std::future_status::ready);
    return future.get();
  }

  const SteadyClock& clock_ = SteadyClock::instance();
  TaskRegistry tasks_ = TaskRegistry::built_in();
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<ScriptedModel> model_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(PipelineTest, RunsSentimentAndChatSideBySide) {
  start(" ok, thanks ");
  const RequestOutcome outcome = run(request({"sentiment", "chat"}));
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  ASSERT_EQ(outcome.tasks.size(), 2U);
  const TaskOutcome& sentiment = outcome.tasks[0];
  EXPECT_EQ(sentiment.task, "sentiment");
  EXPECT_EQ(sentiment.label, "负面");
  EXPECT_GT(sentiment.score.value(), 0.5F);
  EXPECT_EQ(sentiment.label_probabilities.size(), 2U);
  EXPECT_EQ(sentiment.finish_reason, FinishReason::kScored);
  const TaskOutcome& chat = outcome.tasks[1];
  EXPECT_EQ(chat.text, "ok, thanks");
  EXPECT_EQ(chat.finish_reason, FinishReason::kStop);
  EXPECT_GT(chat.counters.completion_tokens, 0U);
}

TEST_F(PipelineTest, LanesTileFromPromptToResult) {
  start("ok", 2ms);
  const RequestOutcome outcome = run(request({"sentiment", "chat"}));
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  for (const TaskOutcome& task : outcome.tasks) {
    EXPECT_GT(task.lane.stage_ns(Stage::kPromptBuild), 0) << task.task;
    EXPECT_GT(task.lane.stage_ns(Stage::kTokenize), 0) << task.task;
    EXPECT_GT(task.lane.stage_ns(Stage::kPrefill), 0) << task.task;
    EXPECT_GT(task.lane.stage_ns(Stage::kOutputParse), 0) << task.task;
    EXPECT_EQ(task.lane.unattributed_ns(), 0) << task.task;
    EXPECT_EQ(task.lane.dropped(), 0U) << task.task;
  }
}

TEST_F(PipelineTest, StreamsTheReplyAndReportsTasksAsTheyEnd) {
  start("one two three", 1ms);
  struct {
    Mutex mutex;
    std::string streamed QAIO_GUARDED_BY(mutex);
    std::vector<std::string> ended QAIO_GUARDED_BY(mutex);
  } seen;
  PipelineCallbacks callbacks;
  callbacks.on_text = [&](size_t task, std::string_view text) {
    const MutexLock lock(seen.mutex);
    EXPECT_EQ(task, 1U);
    seen.streamed += text;
  };
  callbacks.on_task = [&](size_t, const TaskOutcome& outcome) {
    const MutexLock lock(seen.mutex);
    seen.ended.push_back(outcome.task);
  };
  const RequestOutcome outcome = run(request({"sentiment", "chat"}), std::move(callbacks));
  const MutexLock lock(seen.mutex);
  EXPECT_EQ(seen.streamed, outcome.tasks[1].text);
  EXPECT_EQ(seen.ended, (std::vector<std::string>{"sentiment", "chat"}));
}

// A reply has no place for them, whether the prompt opened the thought or the model does.
TEST_F(PipelineTest, RepliesAreWithoutThoughts) {
  constexpr std::string_view kOpens =
      "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}"
      "{% endfor %}{{ '<|im_start|>assistant\n' }}";
  for (const bool opened : {true, false}) {
    auto chat = ChatTemplate::compile(
        std::string(kOpens) +
        (opened ? "{{ '<think>\n' }}" : "{% if enable_thinking %}{{ '<think>\n' }}{% endif %}"));
    ASSERT_TRUE(chat) << chat.error().message;
    start(opened ? "one two\n</think>\n\nthree four" : "<think>\none</think>three four", 0us, 128,
          std::move(*chat));
    std::string streamed;
    PipelineCallbacks callbacks;
    callbacks.on_text = [&](size_t, std::string_view text) { streamed += text; };
    const RequestOutcome outcome = run(request({"chat"}), std::move(callbacks));
    ASSERT_FALSE(outcome.error) << outcome.error->message;
    EXPECT_EQ(outcome.tasks[0].text, "three four") << opened;
    EXPECT_EQ(streamed, "three four") << opened;
  }
}

TEST_F(PipelineTest, ThePredecessorsWayParsesTheLastLine) {
  ASSERT_TRUE(tasks_.add_toml(toml_of("[[task]]\nname='sentiment'\ndecode='generate'\n")));
  ASSERT_TRUE(
      tasks_.add_toml(toml_of("[[task]]\nname='size'\nkind='classify'\ndecode='generate'\n"
                              "labels=['small','large']\nmax_new_tokens=12\n")));
  start("so large");
  RequestOutcome outcome = run(request({"size"}));
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_EQ(outcome.tasks[0].label, "large");
  EXPECT_FALSE(outcome.tasks[0].score);
  outcome = run(request({"sentiment"}));
  ASSERT_FALSE(outcome.error);
  EXPECT_FALSE(outcome.tasks[0].label) << "no label named: no label invented";
  EXPECT_LE(outcome.tasks[0].counters.completion_tokens, 5U);
}

TEST_F(PipelineTest, OverridesReachGenerateTasksOnly) {
  start("a long reply of several words");
  PipelineRequest small = request({"sentiment", "chat"});
  small.overrides.max_new_tokens = 1;
  const RequestOutcome outcome = run(small);
  EXPECT_EQ(outcome.tasks[1].counters.completion_tokens, 1U);
  EXPECT_EQ(outcome.tasks[1].finish_reason, FinishReason::kLength);
}

TEST_F(PipelineTest, StopStringsAndIgnoreEosReachTheEngine) {
  start("one two three");
  PipelineRequest stopped = request({"chat"});
  stopped.overrides.stops = {" two"};
  EXPECT_EQ(run(stopped).tasks[0].text, "one");
  PipelineRequest endless = request({"chat"});
  endless.overrides.ignore_eos = true;
  endless.overrides.max_new_tokens = 30;
  EXPECT_EQ(run(endless).tasks[0].counters.completion_tokens, 30U);
}

TEST_F(PipelineTest, SystemPromptsAreWarmFromTheStart) {
  tasks_ = TaskRegistry();
  ASSERT_TRUE(tasks_.add_toml(
      toml_of("[[task]]\nname='long'\nkind='generate'\nsystem='" + std::string(300, 'z') + "'\n")));
  start("ok");
  const RequestOutcome outcome = run(request({"long"}));
  ASSERT_FALSE(outcome.error);
  EXPECT_GE(outcome.tasks[0].counters.cached_tokens, 64U);
  EXPECT_GE(engine_->load().kv_blocks_pinned, 2);
}

TEST_F(PipelineTest, OldTurnsMakeRoomForTheAnswer) {
  start("ok");
  PipelineRequest long_one = request({"chat"});
  long_one.history.assign(60, {"a question", "an answer"});
  long_one.overrides.max_new_tokens = 900;
  const RequestOutcome outcome = run(long_one);
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_GT(outcome.tasks[0].history_dropped, 0);
  EXPECT_LE(outcome.tasks[0].counters.prompt_tokens, 512U) << "half of all";
  EXPECT_EQ(outcome.tasks[0].counters.prompt_tokens +
                static_cast<uint32_t>(outcome.tasks[0].max_new_tokens),
            static_cast<uint32_t>(engine_->positions_free()));

  long_one.overrides.strict_length = true;
  const RequestOutcome strict = run(long_one);
  ASSERT_FALSE(strict.error) << strict.error->message;
  EXPECT_GT(strict.tasks[0].history_dropped, outcome.tasks[0].history_dropped);
  EXPECT_LE(strict.tasks[0].counters.prompt_tokens + 900, 1024U);
  EXPECT_EQ(strict.tasks[0].max_new_tokens, 900);
}

TEST_F(PipelineTest, AnUnknownTaskOrALongInputFailsTheRequest) {
  start("ok");
  EXPECT_EQ(run(request({"sentiment", "none"})).error->code, ErrorCode::kNotFound);
  const RequestOutcome outcome = run(request({"sentiment", "chat"}, std::string(30'000, 'x')));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(outcome.error->field, "input");
}

TEST_F(PipelineTest, CancelEndsAllTasks) {
  start("a long reply of several words", 20ms);
  std::promise<RequestOutcome> promise;
  PipelineCallbacks callbacks;
  callbacks.on_done = [&](RequestOutcome outcome) { promise.set_value(std::move(outcome)); };
  const auto handle = pipeline_->run(request({"sentiment", "chat"}), std::move(callbacks));
  handle->cancel();
  handle->cancel();
  auto future = promise.get_future();
  ASSERT_EQ(future.wait_for(20s), std::future_status::ready);
  EXPECT_EQ(future.get().error->code, ErrorCode::kCancelled);
  EXPECT_EQ(engine_->load().kv_blocks_used, 0);
}

TEST_F(PipelineTest, AFullQueueFailsAtOnceAndCancelsTheRest) {
  start("a long reply of several words", 50ms, /*queue_max=*/1);
  const RequestOutcome outcome = run(request({"sentiment", "chat", "sentiment", "chat"}));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kResourceExhausted);
}

// A scripted model whose steps wait for open(), once close() was called.
class GatedModel final : public Model {
 public:
  GatedModel(ScriptedModel::Script script, int vocab) : model_(std::move(script), vocab) {}
  const ModelInfo& info() const override { return model_.info(); }
  int step_tokens_max() const override { return model_.step_tokens_max(); }
  void copy_kv(std::span<const KvCopy> copies) override { model_.copy_kv(copies); }
  KvPool& kv_pool() override { return model_.kv_pool(); }
  void forward(std::span<ForwardItem> items) override {
    if (closed_) {
      reached_.set_value();
      opened_.get_future().wait();
      closed_ = false;
    }
    model_.forward(items);
  }

  void close() { closed_ = true; }
  std::future<void> reached() { return reached_.get_future(); }  // by a step; once
  void open() { opened_.set_value(); }

 private:
  ScriptedModel model_;
  std::atomic<bool> closed_ = false;
  std::promise<void> reached_;
  std::promise<void> opened_;
};

// An engine asks for the time whenever something is submitted: there the second task of a request
// waits until the first one's step has begun.
class SecondSubmitWaits final : public Clock {
 public:
  TimeNs now_ns() const override {
    if (std::this_thread::get_id() == submitter_ && ++submits_ == 2) reached_.wait();
    return SteadyClock::instance().now_ns();
  }
  int64_t wall_unix_ms() const override { return SteadyClock::instance().wall_unix_ms(); }
  // From now on, of those of this thread.
  void begin(std::future<void> reached) {
    reached_ = std::move(reached);
    submits_ = 0;
    submitter_ = std::this_thread::get_id();
  }

 private:
  std::atomic<std::thread::id> submitter_;
  std::future<void> reached_;
  mutable int submits_ = 0;
};

TEST_F(PipelineTest, NothingIsSaidAfterTheEnd) {
  ASSERT_TRUE(tasks_.add_toml(toml_of("[[task]]\nname='third'\nkind='generate'\n")));
  ScriptedModel::Script script{.reply = tokenizer_->encode("one two three"),
                               .end = *tokenizer_->special("<|im_end|>")};
  GatedModel model(script, tokenizer_->size());
  SecondSubmitWaits clock;
  EngineOptions options;
  options.queue_max = 1;
  options.end_tokens = {script.end};
  auto engine = std::make_unique<Engine>(model, *tokenizer_, clock, options);
  const auto pipeline = Pipeline::create(tasks_, *engine, *tokenizer_, clock_);
  ASSERT_TRUE(pipeline) << pipeline.error().message;

  std::optional<RequestOutcome> outcome;
  std::string said_afterwards;
  PipelineCallbacks callbacks;
  callbacks.on_text = [&](size_t, std::string_view text) { said_afterwards += text; };
  callbacks.on_done = [&](RequestOutcome done) { outcome = std::move(done); };
  model.close();
  clock.begin(model.reached());
  const auto handle =
      (*pipeline)->run(request({"chat", "sentiment", "third"}), std::move(callbacks));
  EXPECT_TRUE(outcome) << "while the first runs and the second waits, the third has no place";
  model.open();
  engine.reset();  // ends when the first task's step has
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error->code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(said_afterwards, "");
}

TEST_F(PipelineTest, TheEnginesEndIsAnErrorNotAHang) {
  start("a long reply of several words", 20ms);
  std::promise<RequestOutcome> promise;
  PipelineCallbacks callbacks;
  callbacks.on_done = [&](RequestOutcome outcome) { promise.set_value(std::move(outcome)); };
  const auto handle = pipeline_->run(request({"chat"}), std::move(callbacks));
  engine_.reset();
  EXPECT_EQ(promise.get_future().get().error->code, ErrorCode::kCancelled);
}

// Templates that take no system text are usual: what needs one is refused, all else works.
TEST_F(PipelineTest, TasksThatTheTemplateRefusesLeaveTheOthersAlone) {
  auto chat = ChatTemplate::compile(
      "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('System role not "
      "supported') }}{% endif %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
      "<|im_start|>assistant\n");
  ASSERT_TRUE(chat) << chat.error().message;
  ASSERT_TRUE(tasks_.add_toml(
      toml_of("[[task]]\nname='strict'\nkind='generate'\nsystem='Be strict.'\nuser='{input}'\n")));
  start("Hi!", 0us, 128, *chat);
  EXPECT_TRUE(pipeline_->refused_tasks().contains("sentiment"));
  EXPECT_TRUE(pipeline_->refused_tasks().contains("strict"));
  EXPECT_FALSE(pipeline_->refused_tasks().contains("chat"));
  for (const char* task : {"sentiment", "strict"}) {
    const RequestOutcome outcome = run(request({task}));
    ASSERT_TRUE(outcome.error) << task;
    EXPECT_EQ(outcome.error->code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(outcome.error->message, HasSubstr("System role not supported"));
  }
  const RequestOutcome outcome = run(request({"chat"}));
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_EQ(outcome.tasks[0].text, "Hi!");
}

}  // namespace
}  // namespace qaio
