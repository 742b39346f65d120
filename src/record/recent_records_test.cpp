#include "record/recent_records.h"

#include <gtest/gtest.h>

#include <string>

namespace qaio {
namespace {

std::vector<std::string> ids(const std::vector<RecordPtr>& records) {
  std::vector<std::string> out;
  out.reserve(records.size());
  for (const RecordPtr& record : records) out.push_back(record->request_id);
  return out;
}

TEST(RecentRecords, KeepsTheLastNewestFirst) {
  RecentRecords recent(3);
  EXPECT_TRUE(recent.last(5).empty());
  for (int i = 0; i < 8; ++i) {
    auto record = std::make_shared<RequestRecord>();
    record->request_id = std::to_string(i);
    record->status = i % 2 == 0 ? 200 : 500;
    const RecordPtr one = std::move(record);
    recent.consume({&one, 1});
    if (i == 1) {
      EXPECT_EQ(ids(recent.last(5)), (std::vector<std::string>{"1", "0"}));
    }
  }
  EXPECT_EQ(ids(recent.last(5)), (std::vector<std::string>{"7", "6", "5"}));
  EXPECT_EQ(ids(recent.last(2)), (std::vector<std::string>{"7", "6"}));
  EXPECT_EQ(ids(recent.last(5, [](const RequestRecord& r) { return r.status == 200; })),
            std::vector<std::string>{"6"});
  EXPECT_EQ(ids(recent.find("5")), std::vector<std::string>{"5"});
  EXPECT_TRUE(recent.find("4").empty());
  auto look = std::make_shared<RequestRecord>();
  look->method = "GET";
  const RecordPtr one = std::move(look);
  recent.consume({&one, 1});
  EXPECT_EQ(ids(recent.last(1)), std::vector<std::string>{"7"});
}

TEST(RecentRecords, ARepeatedIdHidesNoRequest) {
  RecentRecords recent(4);
  for (int status = 200; status < 206; ++status) {
    auto record = std::make_shared<RequestRecord>();
    record->request_id = status % 2 == 0 ? "mine" : "other";
    record->status = status;
    const RecordPtr one = std::move(record);
    recent.consume({&one, 1});
  }
  const std::vector<RecordPtr> found = recent.find("mine");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0]->status, 204);
  EXPECT_EQ(found[1]->status, 202);
}

TEST(RecentRecords, WhatIsAmendedStaysInItsPlace) {
  RecentRecords recent(3);
  const auto named = [](TimeNs begin_ns) {
    auto record = std::make_shared<RequestRecord>();
    record->request_id = "same";
    record->lane.start(begin_ns);
    return record;
  };
  for (TimeNs begin_ns = 1; begin_ns <= 4; ++begin_ns) {
    const RecordPtr one = named(begin_ns);
    recent.consume({&one, 1});
  }
  const auto amended = named(3);
  amended->client_times.emplace();
  recent.amend(amended);
  recent.amend(named(1));  // pushed out
  const std::vector<RecordPtr> found = recent.find("same");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_FALSE(found[0]->client_times);
  EXPECT_EQ(found[1], amended);
  EXPECT_EQ(found[2]->lane.begin_ns(), 2);
}

}  // namespace
}  // namespace qaio
