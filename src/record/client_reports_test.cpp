#include "record/client_reports.h"

#include <gmock/gmock.h>

#include <optional>

#include "base/time_units.h"
#include "record/outcome.h"
#include "record/record_for_test.h"

namespace qaio {
namespace {

using End = ClientReportEnd;
using namespace std::chrono_literals;

constexpr uint64_t kToken = 7;
constexpr int64_t kTotalNs = 500 * kMsNs;
constexpr int64_t kWriteNs = 200 * kMsNs;  // of it: http_write

class ClientReportsTest : public testing::Test {
 protected:
  void record(std::string id, uint64_t token = kToken, int status = 200) {
    auto record = chat_record(kTotalNs, ++begin_ns_);
    record->lane.add(Stage::kHttpWrite, begin_ns_ + kTotalNs - kWriteNs, begin_ns_ + kTotalNs);
    record->request_id = std::move(id);
    record->client_token_hash = token;
    record->status = status;
    const RecordPtr one = std::move(record);
    recent_.consume({&one, 1});
    reports_.consume({&one, 1});
  }
  // As consume() is called without records at every interval.
  void idle() { reports_.consume({}); }
  // What becomes of it; none yet.
  std::shared_ptr<std::optional<End>> report(std::string id, int64_t last_byte_ns = kTotalNs,
                                             uint64_t token = kToken) {
    auto end = std::make_shared<std::optional<End>>();
    ClientTimes times;
    times.last_byte_ns = times.done_ns = last_byte_ns;
    reports_.take({std::move(id), token, times, begin_ns_ + kTotalNs},
                  [end](End said, const RecordPtr&) {
                    EXPECT_FALSE(*end) << "told twice";
                    *end = said;
                  });
    return end;
  }

  TimeNs begin_ns_ = 0;
  FakeClock clock_;
  RecentRecords recent_{8};
  std::vector<RecordPtr> amended_;
  ClientReports reports_{{.wait = 100ms, .waiting_max = 2},
                         recent_,
                         [this](const RecordPtr& record) {
                           amended_.push_back(record);
                           recent_.amend(record);
                         },
                         clock_};
};

TEST_F(ClientReportsTest, AmendsTheRecordOnce) {
  record("a");
  record("b");
  EXPECT_EQ(*report("a"), End::kTaken);
  ASSERT_EQ(amended_.size(), 1u);
  EXPECT_EQ(amended_[0]->request_id, "a");
  EXPECT_EQ(amended_[0]->client_times->last_byte_ns, kTotalNs);
  EXPECT_EQ(*report("a"), End::kTwice);
  EXPECT_EQ(*report("b", kTotalNs, kToken + 1), End::kNotTheirs);
  record("without", 0);
  EXPECT_EQ(*report("without"), End::kNotTheirs);
  EXPECT_EQ(amended_.size(), 1u);
}

TEST_F(ClientReportsTest, NobodyIsDoneLaterThanTheReportCame) {
  record("a");
  EXPECT_EQ(*report("a", kTotalNs + kOnTheWayMaxNs + 1), End::kTooLong);
  EXPECT_TRUE(amended_.empty());
  EXPECT_EQ(*report("a", kTotalNs + kOnTheWayMaxNs), End::kTaken);
}

TEST_F(ClientReportsTest, OfRequestsWithOneIdEachIsReportedByItsOwnToken) {
  record("mine", 1);
  record("mine", 2);
  EXPECT_EQ(*report("mine", kTotalNs, 1), End::kTaken);
  EXPECT_EQ(*report("mine", kTotalNs, 1), End::kTwice);
  record("mine", 1);
  EXPECT_EQ(*report("mine", kTotalNs, 1), End::kTaken);
  EXPECT_EQ(*report("mine", kTotalNs, 3), End::kNotTheirs);
  EXPECT_EQ(*report("mine", kTotalNs, 2), End::kTaken);
  EXPECT_EQ(recent_.last(3)[1]->client_token_hash, 2u) << "in its place";
}

TEST_F(ClientReportsTest, ComesBeforeItsRecord) {
  const auto early = report("a");
  EXPECT_FALSE(*early);
  record("another");
  idle();
  EXPECT_FALSE(*early);
  record("a");
  EXPECT_EQ(*early, End::kTaken);
  // One of somebody else with its id does not settle it: its own may still come.
  const auto mine = report("b", kTotalNs, kToken);
  const auto others = report("b", kTotalNs, kToken + 2);
  record("b", kToken + 1);
  EXPECT_FALSE(*mine);
  record("b");
  EXPECT_EQ(*mine, End::kTaken);
  EXPECT_FALSE(*others);
  clock_.advance_ns(100 * kMsNs);
  idle();
  EXPECT_EQ(*others, End::kNotTheirs);
}

TEST_F(ClientReportsTest, WaitsForAWhileAndForSoManyOnly) {
  const auto first = report("x");
  clock_.advance_ns(50 * kMsNs);
  const auto second = report("y");
  EXPECT_EQ(*report("z"), End::kUnknown) << "no place to wait";
  clock_.advance_ns(50 * kMsNs);
  idle();
  EXPECT_EQ(*first, End::kUnknown);
  EXPECT_FALSE(*second);
  EXPECT_FALSE(*report("z"));
  reports_.stop();
  clock_.advance_ns(kSecondNs);
  idle();
  EXPECT_FALSE(*second) << "nobody is told after the end";
}

TEST_F(ClientReportsTest, IsNoShorterThanTheServer) {
  record("a");
  // The end of the write may be stamped after the client has the last byte.
  const int64_t least_ns = kTotalNs - kWriteNs;
  EXPECT_EQ(last_byte_least_ns(*recent_.find("a").front()), least_ns);
  EXPECT_EQ(*report("a", least_ns - kClientClockCoarsenessNs - 1), End::kTooShort);
  EXPECT_TRUE(amended_.empty());
  EXPECT_EQ(*report("a", least_ns - kClientClockCoarsenessNs), End::kTaken);
  record("left", kToken, kClientClosedRequest);
  EXPECT_EQ(*report("left", 1), End::kTaken) << "the server noticed later";
}

}  // namespace
}  // namespace qaio
