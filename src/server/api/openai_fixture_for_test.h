// For tests: the server as OpenAI's clients call it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/api/server_fixture_for_test.h"

namespace qaio {

class OpenAiFixture : public ServerFixture {
 protected:
  static constexpr std::string_view kChat = "/v1/chat/completions";
  static constexpr std::string_view kCompletions = "/v1/completions";

  // A chat request with `more` members.
  static std::string chat(std::string_view more = "") {
    return R"({"messages":[{"role":"user","content":"hello"}])" + std::string(more) + "}";
  }
  static const boost::json::object& choice(const boost::json::object& answer) {
    return answer.at("choices").as_array().at(0).as_object();
  }
  static std::string content(const boost::json::object& answer) {
    return std::string(choice(answer).at("message").as_object().at("content").as_string());
  }
  // The data of a stream; the last must be [DONE] and is left out.
  static std::vector<boost::json::object> chunks(const ClientResponse& response) {
    EXPECT_EQ(response.headers.at("Content-Type"), "text/event-stream; charset=utf-8");
    std::vector<boost::json::object> all;
    std::string last;
    for (size_t at = 0; at < response.body.size();) {
      const size_t end = response.body.find("\n\n", at);
      EXPECT_EQ(response.body.substr(at, 6), "data: ");
      last = response.body.substr(at + 6, end - at - 6);
      if (last != "[DONE]") all.push_back(boost::json::parse(last).as_object());
      at = end + 2;
    }
    EXPECT_EQ(last, "[DONE]");
    return all;
  }
};

}  // namespace qaio
