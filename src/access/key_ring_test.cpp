#include "access/key_ring.h"

#include <gmock/gmock.h>

#include "access/keys_for_test.h"
#include "access/rate_bucket.h"

namespace qaio {
namespace {

using std::chrono::seconds;

constexpr TimeNs kSecond = 1'000'000'000;

RequestRecord record_of(uint32_t prompt_tokens, uint32_t new_tokens, int status = 200) {
  RequestRecord record;
  record.status = status;
  record.tasks.resize(1);
  record.tasks[0].counters.prompt_tokens = prompt_tokens;
  record.tasks[0].counters.completion_tokens = new_tokens;
  return record;
}

TEST(RateBucket, AMinuteIsWorthSoManyAndThenTheyComeSteadily) {
  RateBucket bucket;
  bucket.set_rate(3);
  TimeNs now = 1000 * kSecond;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bucket.wait_ns(now), 0) << i;
    bucket.take(1, now);
  }
  EXPECT_EQ(bucket.wait_ns(now), 20 * kSecond);
  EXPECT_EQ(bucket.wait_ns(now + 19 * kSecond), kSecond);
  now += 20 * kSecond;
  EXPECT_EQ(bucket.wait_ns(now), 0);
  bucket.take(1, now);
  EXPECT_EQ(bucket.wait_ns(now), 20 * kSecond);
  now += 1000 * kSecond;
  for (int i = 0; i < 3; ++i) bucket.take(1, now);
  EXPECT_EQ(bucket.wait_ns(now), 20 * kSecond) << "no more than a minute's worth is saved up";
}

TEST(RateBucket, WhatWentBeyondItIsWaitedFor) {
  RateBucket bucket;
  bucket.set_rate(60);
  const TimeNs now = kSecond;
  bucket.take(100, now);
  EXPECT_EQ(bucket.wait_ns(now), 41 * kSecond);
  EXPECT_EQ(bucket.wait_ns(now + 41 * kSecond), 0);
  bucket.take(UINT64_MAX, now);
  EXPECT_LE(bucket.wait_ns(now), 86'400 * kSecond);
  bucket.set_rate(0);
  EXPECT_EQ(bucket.wait_ns(now), 0);
  bucket.take(UINT64_MAX, now);
}

class KeyRingTest : public testing::Test {
 protected:
  KeyRing::Answer admit(const std::optional<std::string>& key, const KeyUse& use = kRun) {
    return ring_->admit(key, use, now_ns_, now_ms_);
  }
  std::optional<KeyRefusal> refusal(const std::optional<std::string>& key,
                                    const KeyUse& use = kRun) {
    return admit(key, use).refusal;
  }
  KeyFigures figures(size_t place = 0) { return ring_->figures().keys.at(place); }
  void start(const std::vector<ApiKey>& keys) { ring_ = std::make_shared<KeyRing>(keys); }

  static constexpr KeyUse kRun{.scope = Scope::kRun, .runs_model = true};
  static constexpr KeyUse kLook{.scope = Scope::kRead};
  TimeNs now_ns_ = 1000 * kSecond;
  int64_t now_ms_ = 1'800'000'000'000;
  std::shared_ptr<KeyRing> ring_;
};

TEST_F(KeyRingTest, OnlyItsKeysOpenAndOnlyWhatTheyAreFor) {
  const KnownKey run = known_key("run");
  const KnownKey both = known_key("both", {Scope::kRun, Scope::kRead});
  const KnownKey admin = known_key("admin", {Scope::kAdmin});
  start({run.key, both.key, admin.key});
  EXPECT_EQ(refusal(std::nullopt), KeyRefusal::kMissing);
  EXPECT_EQ(refusal(""), KeyRefusal::kInvalid);
  EXPECT_EQ(refusal(draw_key()), KeyRefusal::kInvalid);
  std::string other = run.text;
  other.back() = other.back() == 'A' ? 'E' : 'A';
  EXPECT_EQ(refusal(other), KeyRefusal::kInvalid) << "the id is right, the secret is not";
  other = both.text.substr(0, 14) + run.text.substr(14);
  EXPECT_EQ(refusal(other), KeyRefusal::kInvalid) << "another one's secret";
  EXPECT_EQ(refusal(run.text), std::nullopt);
  EXPECT_EQ(refusal(run.text, kLook), KeyRefusal::kScope);
  EXPECT_EQ(refusal(run.text, {}), std::nullopt) << "what needs no scope needs a key";
  EXPECT_EQ(refusal(both.text, kLook), std::nullopt);
  EXPECT_EQ(refusal(admin.text, kLook), std::nullopt);
  EXPECT_EQ(ring_->figures().missing, 1u);
  EXPECT_EQ(ring_->figures().invalid, 4u);
  EXPECT_EQ(figures().refusals[static_cast<size_t>(KeyRefusal::kScope)], 1u);
  EXPECT_EQ(figures().last_used_unix_ms, now_ms_);
  EXPECT_EQ(admit(run.text).ticket.name(), "run");
  EXPECT_EQ(admit(run.text).ticket.id(), run.key.id);
  EXPECT_TRUE(admit(run.text, kLook).ticket) << "who was refused is known";
  EXPECT_FALSE(admit(other).ticket);
}

TEST_F(KeyRingTest, AKeyEndsByTheWallClock) {
  KnownKey key = known_key("a");
  key.key.expires_unix_ms = now_ms_ + 1;
  start({key.key});
  EXPECT_EQ(refusal(key.text), std::nullopt);
  ++now_ms_;
  EXPECT_EQ(refusal(key.text), KeyRefusal::kExpired);
  std::string wrong = key.text;
  wrong.back() = wrong.back() == 'A' ? 'E' : 'A';
  EXPECT_EQ(refusal(wrong), KeyRefusal::kInvalid) << "only who has the key learns that";
}

TEST_F(KeyRingTest, PlacesAreGivenBackWhenTheWorkIsDone) {
  const KnownKey key = known_key("a", {Scope::kRun, Scope::kRead}, {.requests_max = 2});
  start({key.key});
  KeyTicket first = admit(key.text).ticket;
  {
    const KeyTicket second = admit(key.text).ticket;
    EXPECT_EQ(figures().running, 2u);
    EXPECT_EQ(refusal(key.text), KeyRefusal::kRequestsMax);
    EXPECT_EQ(refusal(key.text, kLook), std::nullopt) << "looking takes no place";
    const KeyTicket moved = std::move(first);
    EXPECT_EQ(figures().running, 2u);
  }
  EXPECT_EQ(figures().running, 0u) << "also of those that never ended";
  first = admit(key.text).ticket;
  first.charge(record_of(1, 1), now_ns_);
  EXPECT_EQ(figures().running, 0u);
  first.charge(record_of(1, 1), now_ns_);
  EXPECT_EQ(figures().prompt_tokens, 1u) << "once";
  first.count(record_of(1, 1));
  EXPECT_EQ(figures().requests[static_cast<size_t>(Outcome::kAnswered)], 1u);
}

TEST_F(KeyRingTest, RequestsOfAMinuteAreCounted) {
  const KnownKey key = known_key("a", {Scope::kRun}, {.requests_per_minute = 2});
  start({key.key});
  EXPECT_EQ(refusal(key.text), std::nullopt);
  EXPECT_EQ(refusal(key.text, {.counts = false}), std::nullopt);
  EXPECT_EQ(refusal(key.text), std::nullopt);
  const KeyRing::Answer refused = admit(key.text);
  EXPECT_EQ(refused.refusal, KeyRefusal::kRate);
  EXPECT_EQ(refused.retry_after, seconds(30));
  EXPECT_EQ(refused.limits.requests_per_minute, 2u);
  now_ns_ += 30 * kSecond;
  EXPECT_EQ(refusal(key.text), std::nullopt) << "those that were refused did not count";
  EXPECT_EQ(refusal(key.text), KeyRefusal::kRate);
}

TEST_F(KeyRingTest, TokensOfAMinuteAreCountedWhenTheyAreKnown) {
  const KnownKey key = known_key("a", {Scope::kRun, Scope::kRead}, {.tokens_per_minute = 60});
  start({key.key});
  KeyTicket ticket = admit(key.text).ticket;
  EXPECT_EQ(refusal(key.text), std::nullopt);
  ticket.charge(record_of(70, 50), now_ns_);
  EXPECT_EQ(figures().prompt_tokens, 70u);
  EXPECT_EQ(figures().completion_tokens, 50u);
  const KeyRing::Answer refused = admit(key.text);
  EXPECT_EQ(refused.refusal, KeyRefusal::kTokenRate);
  EXPECT_EQ(refused.retry_after, seconds(61)) << "60 that were too many, and one";
  EXPECT_EQ(refusal(key.text, kLook), std::nullopt);
  now_ns_ += 61 * kSecond;
  EXPECT_EQ(refusal(key.text), std::nullopt);
}

TEST_F(KeyRingTest, WhatIsReplacedGoesOnOrEndsAtOnce) {
  KnownKey kept = known_key("kept", {Scope::kRun}, {.requests_max = 1, .requests_per_minute = 2});
  const KnownKey gone = known_key("gone");
  const KnownKey added = known_key("added");
  start({gone.key, kept.key});
  KeyTicket running = admit(kept.text).ticket;
  const KeyTicket of_gone = admit(gone.text).ticket;
  EXPECT_FALSE(of_gone.over(now_ms_));
  kept.key.name = "renamed";
  kept.key.limits.requests_max = 2;
  const KeyChanges changes = ring_->replace({kept.key, added.key});
  EXPECT_EQ(changes.keys, 2u);
  EXPECT_EQ(changes.added, 1u);
  EXPECT_EQ(changes.revoked, 1u);
  EXPECT_EQ(changes.changed, 1u);
  EXPECT_EQ(refusal(gone.text), KeyRefusal::kInvalid);
  EXPECT_TRUE(of_gone.over(now_ms_));
  EXPECT_FALSE(running.over(now_ms_));
  EXPECT_EQ(refusal(added.text), std::nullopt);
  EXPECT_EQ(figures().running, 1u) << "what runs goes on and holds its place";
  EXPECT_EQ(admit(kept.text).ticket.name(), "renamed");
  EXPECT_EQ(refusal(kept.text), KeyRefusal::kRate) << "what was used is used";
  running.charge(record_of(3, 4), now_ns_);
  EXPECT_EQ(figures().completion_tokens, 4u);
  EXPECT_EQ(ring_->replace({kept.key, added.key}).changed, 0u);
}

// Who replaces a key by another one of the same id has revoked the first.
TEST_F(KeyRingTest, AnotherSecretIsAnotherKey) {
  const KnownKey first = known_key("a");
  start({first.key});
  KnownKey second = known_key("a");
  second.text = first.text.substr(0, 14) + second.text.substr(14);
  second.key.id = first.key.id;
  second.key.hash = hash_of_key(second.text).value();
  const KeyTicket ticket = admit(first.text).ticket;
  const KeyChanges changes = ring_->replace({second.key});
  EXPECT_EQ(changes.added, 1u);
  EXPECT_EQ(changes.revoked, 1u);
  EXPECT_EQ(refusal(first.text), KeyRefusal::kInvalid);
  EXPECT_EQ(refusal(second.text), std::nullopt);
}

}  // namespace
}  // namespace qaio
