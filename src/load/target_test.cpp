#include "load/target.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

std::string url(std::string_view text, std::string_view endpoint = "",
                std::optional<LoadApi> api = {}) {
  const auto target = parse_target(text, endpoint, api);
  return target ? target->url() : "refused: " + target.error().message;
}

TEST(Target, FromUrlAndEndpoint) {
  EXPECT_EQ(url("http://127.0.0.1:8080"), "http://127.0.0.1:8080/chat");
  EXPECT_EQ(url("localhost:8080/"), "http://localhost:8080/chat");
  EXPECT_EQ(url("http://h", "/v1/completions"), "http://h/v1/completions");
  EXPECT_EQ(url("http://h:80/v1/chat/completions"), "http://h/v1/chat/completions");
  EXPECT_EQ(url("http://h:1/v1/", "/chat/completions"), "http://h:1/v1/chat/completions");
  EXPECT_EQ(url("http://[::1]:9"), "http://[::1]:9/chat");
  EXPECT_EQ(parse_target("http://[::1]:9", "")->host, "::1");
}

TEST(Target, OfTls) {
  EXPECT_EQ(url("https://h"), "https://h/chat");
  EXPECT_EQ(url("https://h:443/v1/completions"), "https://h/v1/completions");
  EXPECT_EQ(url("HTTPS://h:80"), "https://h:80/chat");
  EXPECT_EQ(url("http://h:443"), "http://h:443/chat");
  EXPECT_EQ(parse_target("https://h", "")->port, "443");
  EXPECT_TRUE(parse_target("https://h", "")->tls);
  EXPECT_FALSE(parse_target("h:443", "")->tls);
}

TEST(Target, KnowsTheApi) {
  EXPECT_EQ(parse_target("h", "")->api, LoadApi::kQaioChat);
  EXPECT_EQ(parse_target("h", "/v1/chat/completions")->api, LoadApi::kOpenAiChat);
  EXPECT_EQ(parse_target("h", "/v1/completions")->api, LoadApi::kOpenAiCompletions);
}

TEST(Target, AnApiMayBeNamed) {
  EXPECT_EQ(api_named("openai-completions"), LoadApi::kOpenAiCompletions);
  EXPECT_EQ(api_named("decisions"), LoadApi::kDecisions);
  EXPECT_FALSE(api_named("decision"));
  EXPECT_EQ(api_of_path("/v1/decisions"), LoadApi::kDecisions);
  EXPECT_EQ(api_of_path("/v1/systemone"), LoadApi::kSystemOne);
  for (const LoadApiTraits& traits : load_apis()) {
    EXPECT_EQ(&traits, &traits_of(traits.api));
    EXPECT_EQ(api_of_path(traits.endpoint), traits.api);
    EXPECT_EQ(url("h", "", traits.api), "http://h" + std::string(traits.endpoint));
  }
  EXPECT_EQ(url("h/v1", "", LoadApi::kSystemOne), "http://h/v1/systemone");
  EXPECT_EQ(url("h/v1/decisions", "", LoadApi::kDecisions), "http://h/v1/decisions");
  EXPECT_EQ(url("h/a", "/decide", LoadApi::kDecisions), "http://h/a/decide");
  EXPECT_EQ(url("h", "/api/chat", LoadApi::kOpenAiChat), "http://h/api/chat");
  EXPECT_EQ(parse_target("h", "/api/chat", LoadApi::kOpenAiChat)->models_path(), "/api/models");
  EXPECT_EQ(parse_target("h", "/v1/decide", LoadApi::kDecisions)->tokenize_path(), "/tokenize");
  EXPECT_NE(url("h/v1/systemone", "", LoadApi::kDecisions).find("not of decisions"),
            std::string::npos);
}

TEST(Target, KnowsWhereElseToAsk) {
  EXPECT_EQ(parse_target("h/a/v1/chat/completions", "")->models_path(), "/a/v1/models");
  EXPECT_EQ(parse_target("h/a/v1/chat/completions", "")->tokenize_path(), "/a/tokenize");
  EXPECT_EQ(parse_target("h", "/v1/completions")->models_path(), "/v1/models");
  EXPECT_EQ(parse_target("h", "")->tokenize_path(), "/tokenize");
}

TEST(Target, Refusals) {
  for (const char* text : {"", "http://", "http://h:port", "http://h:99999", "http://a b",
                           "http://u:p@h", "http://h?x=1", "http://h#f", "http://h/\n"})
    EXPECT_TRUE(url(text).starts_with("refused: ")) << text;
  EXPECT_TRUE(url("ftp://h").find("only http:// and https://") != std::string::npos);
  EXPECT_TRUE(url("http://h", "/v1/embeddings").find("no endpoint") != std::string::npos);
  EXPECT_TRUE(url("http://h", "chat").find("no endpoint") != std::string::npos);
}

}  // namespace
}  // namespace qaio
