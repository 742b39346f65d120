#include "load/workload.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fstream>
#include <set>

#include "load/questions.h"

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
  const RequestText text{.prompt = "hi", .output_tokens = 5};
  EXPECT_EQ(request_body(LoadApi::kQaioChat, text, "m", {}),
            R"({"input":"hi","max_new_tokens":5,"stream":true})");
  EXPECT_EQ(request_body(LoadApi::kOpenAiChat, text, "m", {}),
            R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":5,"model":"m",)"
            R"("stream":true,"stream_options":{"include_usage":true}})");
  EXPECT_EQ(request_body(LoadApi::kOpenAiCompletions, text, "", {{"max_tokens", 6}, {"x", 1}}),
            R"({"prompt":"hi","max_tokens":6,"x":1,"stream":true,)"
            R"("stream_options":{"include_usage":true}})");
}

TEST(RequestBody, OfApisThatDecide) {
  const std::vector<std::string> questions = {"a?", "b?"};
  const RequestText text{.prompt = "hi", .questions = questions};
  EXPECT_EQ(request_body(LoadApi::kSystemOne, text, "m", {{"permutations", 2}}),
            R"({"state":"hi","questions":{"q1":{"type":"noul","instructions":"a?"},)"
            R"("q2":{"type":"noul","instructions":"b?"}},"model":"m","permutations":2})");
  EXPECT_EQ(request_body(LoadApi::kDecisions, text, "", {}),
            R"({"input":"hi","questions":[{"type":"predicate","name":"q1","instructions":"a?"},)"
            R"({"type":"predicate","name":"q2","instructions":"b?"}]})");
}

TEST(Questions, AreOthersForEveryRequest) {
  std::set<std::string> seen;
  for (const uint64_t request : {uint64_t{0}, uint64_t{1}, Workload::kWarmup}) {
    const std::vector<std::string> questions = yes_no_questions(3, request, 20);
    EXPECT_EQ(questions.size(), 20u);
    EXPECT_EQ(questions, yes_no_questions(3, request, 20));
    seen.insert(questions.begin(), questions.end());
  }
  EXPECT_EQ(seen.size(), 60u);
  EXPECT_FALSE(seen.contains(yes_no_questions(4, 0, 1)[0]));
}

TEST(GeneratedWorkload, AsksAboutEveryText) {
  BodyOptions options;
  options.api = LoadApi::kSystemOne;
  options.questions = 3;
  const GeneratedWorkload workload(options, PromptText(7, 0), Lengths(12), 0);
  const json::object first = parsed(workload.request(0).body);
  const json::object second = parsed(workload.request(1).body);
  EXPECT_EQ(first.at("questions").as_object().size(), 3u);
  EXPECT_NE(first.at("questions"), second.at("questions"));
  EXPECT_NE(first.at("state"), second.at("state"));
  EXPECT_EQ(workload.request(0).prompt_tokens_asked, 12);
  EXPECT_FALSE(first.contains("stream"));
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

TEST_F(WorkloadFile, TextsAreAskedAbout) {
  const auto workload = open(
      "{\"input\":[],\"questions\":[{\"name\":\"own\"}]}\n{\"prompt\":\"a\"}\n{\"prompt\":\"a\"}",
      LoadApi::kDecisions);
  ASSERT_TRUE(workload) << workload.error().message;
  EXPECT_EQ((*workload)->request(0).body,
            R"({"input":[],"questions":[{"name":"own"}],"model":"m"})");
  const json::object made = parsed((*workload)->request(1).body);
  EXPECT_EQ(made.at("input"), "a");
  EXPECT_EQ(made.at("questions").as_array().size(), 1u);
  EXPECT_NE((*workload)->request(1).body, (*workload)->request(2).body);
}

TEST_F(WorkloadFile, FaultsNameTheLine) {
  for (const char* line :
       {"[]", "{\"a\":", "{}", "{\"prompt\":5}", "{\"prompt\":\"a\",\"top_k\":1}",
        "{\"prompt\":\"a\",\"output_tokens\":0}", "{\"messages\":[]}",
        "{\"prompt\":\"a\",\"output_tokens\":\"9\"}", "{\"input\":\"a\",\"temperature\":1e400}"}) {
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
