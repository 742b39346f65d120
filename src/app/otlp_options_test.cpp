#include "app/otlp_options.h"

#include <gmock/gmock.h>

#include <map>

namespace qaio {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

using Variables = std::map<std::string, std::string>;

Result<std::optional<OtlpOptions>> read(const OtlpSettings& settings, const Variables& variables) {
  RunInfo run;
  run.version = "1.2.3";
  return otlp_options(settings, run, [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

OtlpOptions options_of(const OtlpSettings& settings, const Variables& variables) {
  const auto options = read(settings, variables);
  EXPECT_TRUE(options && *options);
  return options && *options ? **options : OtlpOptions();
}

TEST(OtlpOptionsTest, NothingIsExportedUnasked) {
  EXPECT_FALSE(*read({}, {}));
  EXPECT_FALSE(*read({}, {{"OTEL_SERVICE_NAME", "x"}, {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}));
  EXPECT_FALSE(
      *read({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}, {"OTEL_SDK_DISABLED", "true"}}));
  EXPECT_FALSE(*read({.endpoint = "http://c:4318", .headers = ""},
                     {{"OTEL_TRACES_EXPORTER", "none"}, {"OTEL_METRICS_EXPORTER", "none"}}));
}

TEST(OtlpOptionsTest, TheLatestConventionsAreAskedForByName) {
  const auto genai = [](const std::string& opt_in) {
    return options_of({.endpoint = "http://c:4318", .headers = ""},
                      {{"OTEL_SEMCONV_STABILITY_OPT_IN", opt_in}})
        .genai;
  };
  EXPECT_EQ(genai(""), GenAiConventions::k1_41);
  EXPECT_EQ(genai("http/dup,database"), GenAiConventions::k1_41);
  EXPECT_EQ(genai("gen_ai_latest_experimental"), GenAiConventions::kLatest);
  EXPECT_EQ(genai("http, gen_ai_latest_experimental ,x"), GenAiConventions::kLatest);
  EXPECT_EQ(genai("gen_ai_latest_experimental_not"), GenAiConventions::k1_41);
}

TEST(OtlpOptionsTest, AnEndpointIsTheBaseOfBoth) {
  for (const char* base : {"http://c:4318", "http://c:4318/"}) {
    const OtlpOptions options = options_of({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", base}});
    EXPECT_EQ(options.traces_url, "http://c:4318/v1/traces");
    EXPECT_EQ(options.metrics_url, "http://c:4318/v1/metrics");
  }
}

TEST(OtlpOptionsTest, TheOptionWinsOverTheVariables) {
  const OtlpOptions options =
      options_of({.endpoint = "https://mine/otlp", .headers = "authorization=Basic%20b"},
                 {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                  {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t:1/x"},
                  {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
                  {"OTEL_EXPORTER_OTLP_HEADERS", "a=b"}});
  EXPECT_EQ(options.traces_url, "https://mine/otlp/v1/traces");
  EXPECT_THAT(options.headers, ElementsAre(Pair("authorization", "Basic b")));
}

TEST(OtlpOptionsTest, EachKindMayGoElsewhereOrNowhere) {
  const OtlpOptions options =
      options_of({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                      {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t:1/x"},
                      {"OTEL_METRICS_EXPORTER", "none"}});
  EXPECT_EQ(options.traces_url, "http://t:1/x") << "as it is";
  EXPECT_EQ(options.metrics_url, "");
}

TEST(OtlpOptionsTest, TheResourceSaysWhatRuns) {
  const Variables base = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}};
  EXPECT_THAT(options_of({}, base).resource, Contains(Pair("service.name", "qaio")));
  EXPECT_THAT(options_of({}, base).resource, Contains(Pair("service.version", "1.2.3")));
  Variables more = base;
  more["OTEL_RESOURCE_ATTRIBUTES"] =
      " deployment.environment.name=edge%2C1 ,service.name=a,service.version=2,";
  EXPECT_THAT(options_of({}, more).resource,
              testing::IsSupersetOf({Pair("deployment.environment.name", "edge,1"),
                                     Pair("service.name", "a"), Pair("service.version", "2")}));
  more["OTEL_SERVICE_NAME"] = "b";
  const auto resource = options_of({}, more).resource;
  EXPECT_THAT(resource, Contains(Pair("service.name", "b")).Times(1));
  EXPECT_THAT(resource, Not(Contains(Pair("service.name", "a"))));
}

TEST(OtlpOptionsTest, TimesAndSizes) {
  const OtlpOptions options = options_of({.endpoint = "http://c:4318", .headers = ""},
                                         {{"OTEL_BSP_SCHEDULE_DELAY", "100"},
                                          {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "64"},
                                          {"OTEL_METRIC_EXPORT_INTERVAL", "5000"},
                                          {"OTEL_EXPORTER_OTLP_TIMEOUT", "3000"}});
  EXPECT_EQ(options.batch_delay, std::chrono::milliseconds(100));
  EXPECT_EQ(options.batch_spans_max, 64u);
  EXPECT_EQ(options.metrics_interval, std::chrono::seconds(5));
  EXPECT_EQ(options.timeout, std::chrono::seconds(3));
}

TEST(OtlpOptionsTest, SaysWhatIsWrongAndNoSecret) {
  const auto wrong = [](const OtlpSettings& settings, Variables variables) {
    variables.emplace("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");
    const auto options = read(settings, variables);
    EXPECT_FALSE(options);
    if (options) return std::string();
    EXPECT_EQ(options.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(options.error().message, Not(HasSubstr("secret")));
    return options.error().message;
  };
  EXPECT_THAT(wrong({}, {{"OTEL_EXPORTER_OTLP_HEADERS", "secret"}}),
              HasSubstr("OTEL_EXPORTER_OTLP_HEADERS must be"));
  EXPECT_THAT(wrong({.endpoint = "", .headers = "a b=secret"}, {}), HasSubstr("--otlp-headers"));
  EXPECT_THAT(wrong({}, {{"OTEL_EXPORTER_OTLP_HEADERS", "k=secret%0d%0aX: y"}}),
              HasSubstr("'k' has a control character"));
  EXPECT_THAT(wrong({}, {{"OTEL_RESOURCE_ATTRIBUTES", "=secret"}}),
              HasSubstr("OTEL_RESOURCE_ATTRIBUTES"));
  EXPECT_THAT(wrong({}, {{"OTEL_BSP_SCHEDULE_DELAY", "soon"}}),
              HasSubstr("OTEL_BSP_SCHEDULE_DELAY must be a whole number"));
  EXPECT_THAT(wrong({}, {{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}), HasSubstr("4318"));
}

}  // namespace
}  // namespace qaio
