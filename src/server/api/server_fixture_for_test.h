// For tests: the whole server with a scripted model behind it, on a free port.
#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "server/api/api.h"
#include "server/http/http_client_for_test.h"
#include "server/http/server.h"
#include "tasks/published_template_for_test.h"
#include "tasks/scripted_model.h"
#include "tasks/tokenizer_for_test.h"

namespace qaio {

class ServerFixture : public testing::Test {
 protected:
  ServerFixture() {
    options_.port = 0;
    options_.host = "127.0.0.1";
    tokenizer_ = tokenizer_for_test();
  }

  // A published chat template, for what is loaded from now on.
  void use_template(const std::string& name) { chat_ = published(name); }

  void listen() {
    Router router;
    add_api(router, slot_, limits_);
    auto server = Server::start(
        options_, std::move(router),
        [this](const RequestRecord& record) {
          const MutexLock lock(mutex_);
          records_.push_back(record);
          recorded_.notify_all();
        },
        clock_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }

  void load(std::string_view reply = "ok", std::chrono::microseconds step = {},
            int queue_max = 128) {
    ScriptedModel::Script script;
    script.reply = tokenizer_->encode(reply);
    script.end = *tokenizer_->special("<|im_end|>");
    script.favourite = tokenizer_->encode("负面").front();
    script.step = step;
    pipeline_.reset();
    engine_.reset();  // before its model
    model_ = std::make_unique<ScriptedModel>(script, tokenizer_->size());
    EngineOptions engine_options;
    engine_options.end_tokens = {script.end};
    engine_options.queue_max = queue_max;
    engine_ = std::make_unique<Engine>(*model_, *tokenizer_, clock_, engine_options);
    auto pipeline = Pipeline::create(tasks_, *engine_, *tokenizer_, clock_, chat_);
    ASSERT_TRUE(pipeline) << pipeline.error().message;
    pipeline_ = std::move(*pipeline);
    slot_.set(std::make_shared<Backend>(
        Backend{pipeline_.get(), &tasks_, tokenizer_.get(), model_->info(), engine_.get()}));
  }

  void start(std::string_view reply = "ok", std::chrono::microseconds step = {},
             int queue_max = 128) {
    listen();
    load(reply, step, queue_max);
  }

  void TearDown() override {
    if (server_) server_->stop(std::chrono::milliseconds(0));
  }

  TestClient client() { return TestClient(server_->port()); }
  ClientResponse post(std::string_view path, std::string_view body) {
    return client().post(path, body);
  }

  // Waits for what other threads are about to do; a failure if they do not.
  template <typename Condition>
  void wait_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  void wait_for_running(int requests) {
    wait_until([&] { return engine_->load().running >= requests; });
  }

  // The record of the n-th request (0: the first), once it has left one.
  RequestRecord record(size_t n) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const MutexLock lock(mutex_);
    while (records_.size() <= n && recorded_.wait_until(mutex_, until)) continue;
    EXPECT_GT(records_.size(), n);
    return records_.size() > n ? records_[n] : RequestRecord();
  }

  const SteadyClock& clock_ = SteadyClock::instance();
  ServerOptions options_;
  ApiLimits limits_;
  TaskRegistry tasks_ = TaskRegistry::built_in();
  ChatTemplate chat_ = ChatTemplate::chatml();
  BackendSlot slot_;
  std::unique_ptr<Tokenizer> tokenizer_;
  Mutex mutex_;
  CondVar recorded_;
  std::vector<RequestRecord> records_ QAIO_GUARDED_BY(mutex_);
  std::unique_ptr<Server> server_;  // destroyed after the engine: see Server::stop()
  std::unique_ptr<ScriptedModel> model_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace qaio
