#include "observe/archive_reader.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "observe/archive_fixture_for_test.h"
#include "observe/request_metrics.h"
#include "observe/sqlite_archive.h"

namespace qaio {
namespace {

// 600 records by version 1, 600 by version 2, 300 by version 1 again.
class ArchiveReaderTest : public ArchiveTest {
 protected:
  void SetUp() override {
    ArchiveTest::SetUp();
    add("1", 0, 600);
    add("2", 600, 600);
    add("1", 1200, 300);
  }
  void add(const std::string& version, uint64_t first, uint64_t count) {
    SqliteArchiveOptions options;
    options.path = path();
    auto archive = SqliteArchive::open(options, run_info(version), listener(), clock_);
    ASSERT_TRUE(archive) << archive.error().message;
    (*archive)->consume(records(first, count));
  }
  ArchiveReader reader() {
    Result<ArchiveReader> opened = ArchiveReader::open(path());
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }
  std::vector<std::string> ids(const ArchiveFilter& filter) {
    std::vector<std::string> found;
    const auto records = reader().read(filter);
    EXPECT_TRUE(records) << records.error().message;
    for (const ArchivedRecord& one : *records) {
      found.push_back(one.record->request_id);
    }
    return found;
  }
  using Wanted = std::function<bool(const RequestRecord&, uint64_t)>;
  // The same by looking at every record: oldest first.
  static std::vector<RecordPtr> expected(const Wanted& wanted) {
    std::vector<RecordPtr> found;
    for (uint64_t n = 0; n < 1500; ++n) {
      RecordPtr record = synthetic_record_ptr(n);
      if (wanted(*record, n)) found.push_back(std::move(record));
    }
    return found;
  }
  static std::vector<std::string> expected_ids(const Wanted& wanted, size_t limit = 0) {
    std::vector<std::string> found;
    for (const RecordPtr& record : expected(wanted)) found.push_back(record->request_id);
    if (limit > 0 && found.size() > limit)
      found.erase(found.begin(), found.end() - static_cast<ptrdiff_t>(limit));
    return found;
  }
};

int64_t total_us(const RequestRecord& record) { return lane_micros(record.lane).total; }

TEST_F(ArchiveReaderTest, EveryFilterAloneAndWithALimit) {
  const int64_t from = synthetic_record(200).arrived_unix_ms;
  const int64_t until = synthetic_record(900).arrived_unix_ms;
  const struct {
    ArchiveFilter filter;
    Wanted wanted;
  } cases[] = {
      {{}, [](const auto&, uint64_t) { return true; }},
      {{.from_unix_ms = from}, [](const auto&, uint64_t n) { return n >= 200; }},
      {{.until_unix_ms = until}, [](const auto&, uint64_t n) { return n < 900; }},
      {{.from_unix_ms = from, .until_unix_ms = until},
       [](const auto&, uint64_t n) { return n >= 200 && n < 900; }},
      {{.version = "1"}, [](const auto&, uint64_t n) { return n < 600 || n >= 1200; }},
      {{.version = "2"}, [](const auto&, uint64_t n) { return n >= 600 && n < 1200; }},
      {{.version = "3"}, [](const auto&, uint64_t) { return false; }},
      {{.path = "/chat"}, [](const auto& r, uint64_t) { return r.path == "/chat"; }},
      {{.task = "sentiment"},
       [](const auto& r, uint64_t) { return !r.tasks.empty() && r.tasks[0].task == "sentiment"; }},
      {{.total_min_us = 500'000}, [](const auto& r, uint64_t) { return total_us(r) >= 500'000; }},
      {{.from_unix_ms = from,
        .version = "2",
        .path = "/chat",
        .task = "chat",
        .total_min_us = 100'000},
       [](const auto& r, uint64_t n) {
         return n >= 600 && n < 1200 && r.path == "/chat" && !r.tasks.empty() &&
                total_us(r) >= 100'000;
       }},
  };
  for (auto [filter, wanted] : cases) {
    EXPECT_EQ(ids(filter), expected_ids(wanted));
    filter.limit = 17;
    EXPECT_EQ(ids(filter), expected_ids(wanted, 17));
    filter.order = ArchiveFilter::Order::kNewestFirst;
    std::vector<std::string> newest = expected_ids(wanted, 17);
    std::ranges::reverse(newest);
    EXPECT_EQ(ids(filter), newest);
  }
}

TEST_F(ArchiveReaderTest, TheSlowest) {
  for (const bool recent : {false, true}) {
    ArchiveFilter filter{.limit = 12, .order = ArchiveFilter::Order::kSlowestFirst};
    if (recent) filter.from_unix_ms = synthetic_record(1000).arrived_unix_ms;
    auto slowest = expected([&](const auto&, uint64_t n) { return !recent || n >= 1000; });
    std::ranges::sort(slowest, std::greater(), [](const RecordPtr& r) { return total_us(*r); });
    std::vector<std::string> want;
    for (size_t i = 0; i < 12; ++i) want.push_back(slowest[i]->request_id);
    EXPECT_EQ(ids(filter), want);
  }
}

TEST_F(ArchiveReaderTest, ScanGivesTheNamedColumnsOfRequestsAndTheirTasks) {
  const int64_t from = synthetic_record(200).arrived_unix_ms;
  const struct {
    ArchiveFilter filter;
    Wanted wanted;
    size_t limit;
  } cases[] = {
      {{}, [](const auto&, uint64_t) { return true; }, 0},
      {{.limit = 100}, [](const auto&, uint64_t) { return true; }, 100},
      {{.from_unix_ms = from}, [](const auto&, uint64_t n) { return n >= 200; }, 0},
      // sparse: most tasks are skipped
      {{.total_min_us = 1'300'000},
       [](const auto& r, uint64_t) { return total_us(r) >= 1'300'000; },
       0},
      {{.version = "2", .path = "/chat", .limit = 50},
       [](const auto& r, uint64_t n) { return n >= 600 && n < 1200 && r.path == "/chat"; },
       50},
  };
  for (const auto& [filter, wanted, limit] : cases) {
    std::vector<std::string> seen;
    std::vector<std::string> want;
    ArchiveReader archive = reader();
    const Result<void> done = archive.scan(
        filter, {"request_id", "total_us", "run"},
        [&](const ArchiveRow& row) {
          seen.push_back(std::string(row.text(0)) + " " + std::to_string(row.integer(1)));
          EXPECT_GT(row.integer(2), 0);
        },
        {"label", "decode_us"},
        [&](const ArchiveRow& row) {
          seen.push_back(std::string(row.text(0)) + " " + std::to_string(row.integer(1)));
          EXPECT_EQ(row.is_null(0), row.text(0).empty());
        });
    ASSERT_TRUE(done) << done.error().message;
    auto records = expected(wanted);
    if (limit > 0) records.erase(records.begin(), records.end() - static_cast<ptrdiff_t>(limit));
    ASSERT_FALSE(records.empty());
    for (const RecordPtr& record : records) {
      want.push_back(record->request_id + " " + std::to_string(total_us(*record)));
      for (const TaskRecord& task : record->tasks) {
        want.push_back(task.label + " " + std::to_string(lane_micros(task.lane)[Stage::kDecode]));
      }
    }
    EXPECT_EQ(seen, want);
  }
}

TEST_F(ArchiveReaderTest, ScanKnowsItsColumns) {
  const auto nothing = [](const ArchiveRow&) {};
  ArchiveReader archive = reader();
  EXPECT_FALSE(archive.scan({}, {"total_us; DROP TABLE requests"}, nothing, {}, nothing));
  EXPECT_FALSE(archive.scan({}, {"total_us"}, nothing, {"run"}, nothing));
  EXPECT_TRUE(archive.scan({}, {"total_us"}, nothing, {}, nothing));
}

TEST_F(ArchiveReaderTest, SeesOneMomentWhileAServerWrites) {
  ArchiveReader archive = reader();
  size_t seen = 0;
  ASSERT_TRUE(archive.for_each({}, [&](const ArchivedRecord&, double) {
    if (++seen == 10) add("3", 1500, 100);
    return true;
  }));
  EXPECT_EQ(seen, 1500u);
  EXPECT_EQ(archive.read({}).value().size(), 1600u);
  EXPECT_EQ(archive.runs().value().size(), 4u);
  seen = 0;
  ASSERT_TRUE(archive.for_each({}, [&](const ArchivedRecord&, double) { return ++seen < 5; }));
  EXPECT_EQ(seen, 5u);
}

TEST_F(ArchiveReaderTest, AMissingFileIsNotCreated) {
  const std::string missing = (folder_ / "missing.db").string();
  const Result<ArchiveReader> opened = ArchiveReader::open(missing);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(missing));
}

}  // namespace
}  // namespace qaio
