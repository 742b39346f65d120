#include "load/workload.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fstream>

namespace qaio {
namespace {

namespace json = boost::json;

json::object parsed(const std::string& body) { return json::parse(body).as_object(); }

class WorkloadFile : public testing::Test {
 public:
  ~WorkloadFile() override { std::filesystem::remove(path_); }

 protected:
  Result<std::unique_ptr<FileWorkload>> open(const std::string& lines, LoadApi api) {
    std::ofstream(path_, std::ios::binary) << lines;
    BodyOptions options;
    options.api = api;
    options.model = "m";
    options.output_tokens = Lengths(33);
    return FileWorkload::open(path_, options);
  }

  std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                ("qaio-workload-" + std::to_string(::getpid()) + ".jsonl");
};

TEST(RequestBody, OfEachEndpoint) {
  EXPECT_EQ(request_body(LoadApi::kQaioChat, "hi", 5, "m", {}),
            R"({"input":"hi","max_new_tokens":5,"stream":true})");
  EXPECT_EQ(request_body(LoadApi::kOpenAiChat, "hi", 5, "m", {}),
            R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":5,"model":"m",)"
            R"("stream":true,"stream_options":{"include_usage":true}})");
  EXPECT_EQ(request_body(LoadApi::kOpenAiCompletions, "hi", 5, "", {{"max_tokens", 6}, {"x", 1}}),
            R"({"prompt":"hi","max_tokens":6,"x":1,"stream":true,)"
            R"("stream_options":{"include_usage":true}})");
}

TEST(GeneratedWorkload, IsTheSameForTheSameIndex) {
  BodyOptions options;
  options.output_tokens = *Lengths::parse("5-500");
  const GeneratedWorkload workload(options, PromptText(0, 4), *Lengths::parse("10-100"), 4);
  const LoadRequest request = workload.request(17);
  EXPECT_EQ(request.body, workload.request(17).body);
  EXPECT_NE(request.body, workload.request(18).body);
  EXPECT_NE(request.body, workload.request(17 + Workload::kWarmup).body);
  const std::string input(parsed(request.body).at("input").as_string());
  EXPECT_EQ(std::ranges::count(input, ' ') + 1, request.prompt_tokens_asked);
  EXPECT_TRUE(request.prompt_tokens_asked >= 14 && request.prompt_tokens_asked <= 104);
}

TEST_F(WorkloadFile, LinesAreBodiesOrPrompts) {
  const auto workload = open(
      "{\"messages\":[],\"stream\":false,\"stream_options\":{\"x\":1},\"model\":\"own\"}\r\n\n"
      "{\"prompt\":\"hi\",\"output_tokens\":7}\n{\"prompt\":\"yo\"}",
      LoadApi::kOpenAiChat);
  ASSERT_TRUE(workload) << workload.error().message;
  EXPECT_EQ((*workload)->size(), 3u);
  EXPECT_EQ((*workload)->request(0).body,
            R"({"messages":[],"stream":true,"stream_options":{"x":1,"include_usage":true},)"
            R"("model":"own"})");
  EXPECT_EQ(parsed((*workload)->request(1).body).at("max_tokens"), 7);
  EXPECT_EQ(parsed((*workload)->request(2).body).at("max_tokens"), 33);
  EXPECT_EQ((*workload)->request(4).body, (*workload)->request(1).body);  // over and over
  EXPECT_EQ((*workload)->request(Workload::kWarmup).body, (*workload)->request(0).body);
}

TEST_F(WorkloadFile, CompletionsHaveAPromptOfTheirOwn) {
  const auto workload =
      open("{\"prompt\":\"a\",\"top_k\":3}\n{\"prompt\":\"b\",\"output_tokens\":2}",
           LoadApi::kOpenAiCompletions);
  ASSERT_TRUE(workload) << workload.error().message;
  EXPECT_EQ(parsed((*workload)->request(0).body).at("top_k"), 3);
  EXPECT_FALSE(parsed((*workload)->request(0).body).contains("max_tokens"));
  EXPECT_EQ(parsed((*workload)->request(1).body).at("max_tokens"), 2);
}

TEST_F(WorkloadFile, FaultsNameTheLine) {
  for (const char* line :
       {"[]", "{\"a\":", "{}", "{\"prompt\":5}", "{\"prompt\":\"a\",\"top_k\":1}",
        "{\"prompt\":\"a\",\"output_tokens\":0}", "{\"messages\":[]}",
        "{\"prompt\":\"a\",\"output_tokens\":\"9\"}"}) {
    const auto workload = open(std::string("{\"input\":\"x\"}\n") + line, LoadApi::kQaioChat);
    ASSERT_FALSE(workload) << line;
    EXPECT_NE(workload.error().message.find("line 2"), std::string::npos)
        << workload.error().message;
  }
  EXPECT_FALSE(open("\n \n", LoadApi::kQaioChat));
  EXPECT_FALSE(FileWorkload::open("/nowhere/requests.jsonl", {}));
}

}  // namespace
}  // namespace qaio
