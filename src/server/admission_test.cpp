#include "server/admission.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>
#include <vector>

namespace qaio {
namespace {

using testing::HasSubstr;

TEST(AdmissionTest, RefusesPastTheLimitAndForgetsWhoLeft) {
  const auto admission = std::make_shared<Admission>(2, 0);
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
  const auto admission = std::make_shared<Admission>(10, 2);
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
  auto admission = std::make_shared<Admission>(1, 1);
  std::shared_ptr<void> ticket;
  EXPECT_FALSE(admission->admit("a", ticket));
  admission.reset();
  ticket.reset();
}

TEST(AdmissionTest, NeverAdmitsMoreThanItsLimit) {
  constexpr int kLimit = 3;
  const auto admission = std::make_shared<Admission>(kLimit, 0);
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
