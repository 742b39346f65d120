// For tests: the server as clients of decisions call it, with the demo model where numbers matter.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "model/load.h"
#include "server/api/server_fixture_for_test.h"

namespace qaio {

class DecisionFixture : public ServerFixture {
 protected:
  static constexpr std::string_view kSystemOne = "/v1/systemone";
  static constexpr std::string_view kDecisions = "/v1/decisions";

  // The same question on either route.
  static std::string systemone(std::string_view more = "") {
    return R"({"state":"很好吃, I like it","questions":{"good":{"type":"noul","instructions":"Is it good?"}})" +
           std::string(more) + "}";
  }
  static std::string decisions(std::string_view more = "") {
    return R"({"input":"很好吃, I like it","questions":[{"type":"predicate","instructions":"Is it good?"}])" +
           std::string(more) + "}";
  }
  static std::string asking(std::string_view path, std::string_view more = "") {
    return path == kSystemOne ? systemone(more) : decisions(more);
  }

  void start_demo(bool prefix_cache = true) {
    listen();
    const auto files = FileSet::open(QAIO_SOURCE_DIR "/models/demo");
    ASSERT_TRUE(files) << files.error().message;
    auto loaded = load_model(*files, pool_, {});
    ASSERT_TRUE(loaded) << loaded.error().message;
    loaded_ = std::move(*loaded);
    engine_ = std::make_unique<Engine>(
        *loaded_.model, *loaded_.tokenizer, clock_,
        EngineOptions{
            .prefix_cache = prefix_cache, .end_tokens = loaded_.end_tokens, .pool = &pool_});
    auto pipeline = Pipeline::create(tasks_, *engine_, *loaded_.tokenizer, clock_,
                                     ChatTemplate::of_model(loaded_.chat_template));
    ASSERT_TRUE(pipeline) << pipeline.error().message;
    pipeline_ = std::move(*pipeline);
    slot_.set(std::make_shared<Backend>(Backend{pipeline_.get(), &tasks_, loaded_.tokenizer.get(),
                                                loaded_.model->info(), engine_.get()}));
  }

  void TearDown() override {
    ServerFixture::TearDown();
    pipeline_.reset();
    engine_.reset();  // before the model
  }

  // "answers" as they were sent, to the digit.
  static std::string answers(const ClientResponse& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    const size_t begin = response.body.find("\"answers\":");
    const size_t end = response.body.rfind(",\"usage\"");
    if (begin == std::string::npos || end == std::string::npos) return "no answers";
    return response.body.substr(begin, end - begin);
  }
  static int64_t usage(const ClientResponse& response, std::string_view name) {
    return response.json().at("usage").as_object().at(name).as_int64();
  }

  ThreadPool pool_{2};
  LoadedModel loaded_;
};

}  // namespace qaio
