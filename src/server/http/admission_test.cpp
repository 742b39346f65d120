#include "server/http/admission.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>
#include <vector>

namespace qaio {
namespace {

using testing::HasSubstr;

std::shared_ptr<Admission> admission_of(int requests_max, int client_requests_max) {
  return std::make_shared<Admission>(
      Admission::Limits{.requests_max = requests_max, .client_requests_max = client_requests_max},
      SteadyClock::instance());
}

TEST(AdmissionTest, RetryAfterIsWhenThoseAheadWillBeDone) {
  FakeClock clock;
  const auto admission = std::make_shared<Admission>(
      Admission::Limits{.requests_max = 10, .client_requests_max = 5}, clock);
  std::vector<std::shared_ptr<void>> tickets(10);
  for (size_t i = 0; i < tickets.size(); ++i) {
    EXPECT_FALSE(admission->admit(i < 5 ? "a" : "b", tickets[i]));
  }
  std::shared_ptr<void> none;
  EXPECT_EQ(admission->admit("c", none)->headers.front().value, "1");  // nothing is known yet
  for (int i = 0; i < 30; ++i) {                                       // one ends every two seconds
    clock.advance_ns(2'000'000'000);
    tickets[9].reset();
    EXPECT_FALSE(admission->admit("b", tickets[9]));
  }
  EXPECT_EQ(admission->admit("c", none)->headers.front().value, "20");
  tickets[9].reset();
  const auto refused = admission->admit("a", none);  // one of its five is done after 9 / 5 ends
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(refused->headers.front().value, "4");
  // Nor are requests a pace that are refused for what they say, nor is idle time.
  for (int i = 0; i < 100; ++i) {
    tickets[9].reset();
    EXPECT_FALSE(admission->admit("b", tickets[9]));
  }
  EXPECT_EQ(admission->admit("c", none)->headers.front().value, "20");
  for (auto& ticket : tickets) ticket.reset();
  clock.advance_ns(3'600'000'000'000);
  EXPECT_FALSE(admission->admit("a", none));
  none.reset();
}

TEST(AdmissionTest, WhoCannotBeReachedInTimeIsRefusedAtOnce) {
  FakeClock clock;
  const auto admission = std::make_shared<Admission>(
      Admission::Limits{.requests_max = 100, .time_max = std::chrono::seconds(60)}, clock);
  std::vector<std::shared_ptr<void>> tickets(8);
  for (auto& ticket : tickets) EXPECT_FALSE(admission->admit("a", ticket));
  clock.advance_ns(10'000'000'000);
  tickets[0].reset();
  const auto refused = admission->admit("a", tickets[0]);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->headers.front().value, "70");
  tickets[1].reset();
  tickets[2].reset();
  EXPECT_FALSE(admission->admit("a", tickets[0]));
}

TEST(AdmissionTest, RefusesPastTheLimitAndForgetsWhoLeft) {
  const auto admission = admission_of(2, 0);
  std::shared_ptr<void> first, second, third;
  EXPECT_FALSE(admission->admit("a", first));
  EXPECT_FALSE(admission->admit("a", second));
  const auto refused = admission->admit("b", third);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->error_code, "resource_exhausted");
  EXPECT_EQ(refused->headers.front().name, "Retry-After");
  EXPECT_EQ(third, nullptr);
  EXPECT_EQ(admission->admitted(), 2);
  first.reset();
  EXPECT_FALSE(admission->admit("b", third));
  second.reset();
  third.reset();
  EXPECT_EQ(admission->admitted(), 0);
}

TEST(AdmissionTest, OneClientCannotTakeEveryPlace) {
  const auto admission = admission_of(10, 2);
  std::vector<std::shared_ptr<void>> tickets(4);
  EXPECT_FALSE(admission->admit("a", tickets[0]));
  EXPECT_FALSE(admission->admit("a", tickets[1]));
  const auto refused = admission->admit("a", tickets[2]);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 429);
  EXPECT_THAT(refused->body, HasSubstr("rate_limit_error"));
  EXPECT_EQ(refused->headers.front().name, "Retry-After");
  EXPECT_FALSE(admission->admit("b", tickets[3]));
  tickets[0].reset();
  EXPECT_FALSE(admission->admit("a", tickets[2]));
}

TEST(AdmissionTest, ATicketOutlivesItsAdmission) {
  auto admission = admission_of(1, 1);
  std::shared_ptr<void> ticket;
  EXPECT_FALSE(admission->admit("a", ticket));
  admission.reset();
  ticket.reset();
}

TEST(AdmissionTest, NeverAdmitsMoreThanItsLimit) {
  constexpr int kLimit = 3;
  const auto admission = admission_of(kLimit, 0);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, client = std::to_string(t % 2)] {
      for (int i = 0; i < 2000; ++i) {
        std::shared_ptr<void> ticket;
        if (admission->admit(client, ticket)) continue;
        const int now = ++inside;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, kLimit);
  EXPECT_GT(most, 0);
  EXPECT_EQ(admission->admitted(), 0);
}

}  // namespace
}  // namespace qaio
