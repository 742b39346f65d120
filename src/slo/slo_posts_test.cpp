#include "slo/slo_posts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "slo/slo_json.h"

namespace qaio {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kNow = 1'700'000'000'000;

class WallClock final : public Clock {
 public:
  TimeNs now_ns() const override { return 0; }
  int64_t wall_unix_ms() const override { return kNow; }
};

SloStatus status(std::string name, SloState state) {
  SloStatus status;
  status.rule.name = std::move(name);
  status.state = state;
  status.verdict = SloVerdict::kBroken;
  status.value = 1234.5;
  status.threshold = 1000;
  status.samples = 57;
  status.budget = {.good = 50, .bad = 7};
  if (is_alert(state)) status.starts_unix_ms = kNow - 90'000;
  if (state == SloState::kResolved) status.ends_unix_ms = kNow - 1'500;
  return status;
}

class SloPostsTest : public testing::Test {
 protected:
  WallClock clock_;
  SloActionSetting setting_{
      .instance = [] { return std::string("edge-1:8080"); }, .clock = &clock_, .on_problem = {}};
};

// The example of GitHub's documentation for its webhooks.
TEST(WebhookSignature, IsGitHubs) {
  EXPECT_EQ(webhook_signature("It's a Secret to Everybody", "Hello, World!"),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
}

TEST_F(SloPostsTest, TheBodySaysWhatHappened) {
  const std::string text = alert_json(status("p95", SloState::kResolved), "edge-1:8080", kNow);
  const auto body = parse_json(text, "body");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->at("event").as_string(), "resolved");
  EXPECT_EQ(body->at("id").as_string(), "p95/1699999910000/resolved");
  EXPECT_EQ(body->at("sent_unix_ms").as_int64(), kNow);
  EXPECT_EQ(body->at("instance").as_string(), "edge-1:8080");
  EXPECT_EQ(body->at("starts_at").as_string(), "2023-11-14T22:11:50.000Z");
  EXPECT_EQ(body->at("ends_at").as_string(), "2023-11-14T22:13:18.500Z");
  EXPECT_EQ(body->at("summary").as_string(),
            "p95 of total_response_time over 5m above 1000 ms: 1234 ms, 57 requests");
  EXPECT_EQ(body->at("rule").at("metric").as_string(), "total_response_time");
  EXPECT_EQ(body->at("value").to_number<double>(), 1234.5);
}

TEST_F(SloPostsTest, AnAlertmanagerGetsWhatFiresAndWhatWasResolved) {
  const std::vector<SloStatus> all = {
      status("fires", SloState::kFiring), status("resolved", SloState::kResolved),
      status("pending", SloState::kPending), status("ok", SloState::kOk)};
  SloActionConfig config;
  config.labels = {{"team", "edge"}};
  config.repeat_ns = 30 * kSecondNs;
  const auto body = parse_json(alertmanager_json(all, config, setting_), "body");
  ASSERT_TRUE(body) << body.error().message;
  ASSERT_EQ(body->as_array().size(), 2u);
  const auto& fires = body->at(0);
  EXPECT_EQ(fires.at("labels").at("alertname").as_string(), "fires");
  EXPECT_EQ(fires.at("labels").at("instance").as_string(), "edge-1:8080");
  EXPECT_EQ(fires.at("labels").at("team").as_string(), "edge");
  EXPECT_FALSE(fires.at("labels").as_object().contains("task"));
  EXPECT_EQ(fires.at("startsAt").as_string(), "2023-11-14T22:11:50.000Z");
  EXPECT_EQ(fires.at("endsAt").as_string(), "2023-11-14T22:15:20.000Z") << "4 repeats from now";
  EXPECT_THAT(std::string(fires.at("annotations").at("summary").as_string()), HasSubstr("1234 ms"));
  EXPECT_EQ(body->at(1).at("endsAt").as_string(), "2023-11-14T22:13:18.500Z");
  config.rules = {"ok", "other"};
  EXPECT_EQ(alertmanager_json(all, config, setting_), "[]");
}

TEST_F(SloPostsTest, AnAddressThatIsNoneIsRefused) {
  SloActionConfig config;
  config.url = "ftp://example.org";
  EXPECT_FALSE(make_webhook(config, setting_));
  EXPECT_FALSE(make_alertmanager(config, setting_));
}

}  // namespace
}  // namespace qaio
