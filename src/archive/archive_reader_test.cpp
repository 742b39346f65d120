#include "archive/archive_reader.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "archive/archive_fixture_for_test.h"
#include "archive/archive_source.h"
#include "archive/sqlite_archive.h"
#include "record/record_json.h"
#include "record/rounded_times.h"

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
      {{.task = "sentiment", .total_min_us = 500'000, .served_only = true},
       [](const auto& r, uint64_t) { return total_us(r) >= 500'000 && r.path == "/chat"; }},
      {{.request_id = synthetic_record(777).request_id},
       [](const auto&, uint64_t n) { return n == 777; }},
      {{.request_id = "never-seen"}, [](const auto&, uint64_t) { return false; }},
      {{.ids = {101, 250}}, [](const auto&, uint64_t n) { return n >= 100 && n < 250; }},
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

TEST_F(ArchiveReaderTest, StatusesAndLengths) {
  for (const char* text : {"200", "2xx", "4xx,5xx", "answered", "failed", "refused,client_error",
                           "200,failed", "cancelled", "100"}) {
    const Result<StatusFilter> status = StatusFilter::parse(text);
    ASSERT_TRUE(status) << text;
    EXPECT_EQ(ids({.status = *status}),
              expected_ids([&](const auto& r, uint64_t) { return status->wants(r); }))
        << text;
    EXPECT_EQ(ids({.task = "chat", .total_min_us = 100'000, .chars_min = 20, .status = *status}),
              expected_ids([&](const auto& r, uint64_t) {
                return status->wants(r) && r.input_chars >= 20 && total_us(r) >= 100'000 &&
                       std::ranges::find(r.tasks, "chat", &TaskRecord::task) != r.tasks.end();
              }))
        << text;
  }
  const auto within = [](int64_t min, int64_t max) {
    return expected_ids(
        [&](const auto& r, uint64_t) { return r.input_chars >= min && r.input_chars <= max; });
  };
  EXPECT_EQ(ids({.chars_min = 30}), within(30, INT64_MAX));
  EXPECT_EQ(ids({.chars_max = 30}), within(0, 30));
  EXPECT_EQ(ids({.chars_min = 30, .chars_max = 30}), within(30, 30));
  EXPECT_FALSE(within(30, 30).empty());
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

TEST_F(ArchiveReaderTest, ThoseThatOnlyLookAreLeftOutWhereAsked) {
  const auto record = std::make_shared<RequestRecord>(synthetic_record(1));
  record->request_id = "a-probe";
  record->method = "GET";
  {
    SqliteArchiveOptions options;
    options.path = path();
    auto archive = SqliteArchive::open(options, run_info(), listener(), clock_);
    (*archive)->consume(std::vector<RecordPtr>{record});
  }
  EXPECT_EQ(ids({.limit = 1}), std::vector<std::string>{"a-probe"});
  EXPECT_EQ(ids({.served_only = true, .limit = 1}),
            expected_ids([](const auto&, uint64_t n) { return n == 1499; }));
  EXPECT_EQ(ids({.total_min_us = 0, .served_only = true}).size(), 1500u);
}

TEST_F(ArchiveReaderTest, WhatIsNoLongerWantedStops) {
  ArchiveReader archive = reader();
  int asked = 0;
  archive.stop_when([&] { return ++asked > 1; });
  const auto read = archive.read({});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(asked, 2);
}

TEST_F(ArchiveReaderTest, OneByItsRow) {
  ArchiveReader archive = reader();
  EXPECT_EQ(archive.find(778).value()->request_id, synthetic_record(777).request_id);
  EXPECT_EQ(archive.find(99'999).value(), nullptr);
}

// More slow ones than an index is asked for at once: where they are the newest, and where they are
// all older than what is looked through first.
TEST_F(ArchiveReaderTest, TheNewestOfVeryManySlowOnes) {
  constexpr int64_t kEach = 110'000;
  Database database = Database::open(path(), Database::Mode::kReadWrite).value();
  const auto add_many = [&](int64_t first, int64_t total) {
    const Result<void> added = database.execute(
        "WITH RECURSIVE n (id) AS (SELECT " + std::to_string(first) +
        " UNION ALL SELECT id + 1 FROM n WHERE id + 1 < " + std::to_string(first + kEach) +
        ") INSERT INTO requests (id, run, arrived_unix_ms, status, total_us, http_read_us,"
        " parse_us, tasks_us, serialize_us, http_write_us, unattributed_us, model_inference_us,"
        " prompt_build_us, output_parse_us, queue_us, prompt_tokens, cached_tokens,"
        " completion_tokens, input_chars, history_dropped, cpu_ns, minor_faults, major_faults,"
        " context_switches, resident_bytes, begin_ns, method, request_id, lane)"
        " SELECT id, 1, id, 200, " +
        std::to_string(total) +
        ", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,"
        " iif(id % 1000 = 7, 'GET', 'POST'), 'r' || id, x'000000' FROM n");
    ASSERT_TRUE(added) << added.error().message;
  };
  constexpr int64_t kFirst = 10'000;
  add_many(kFirst, 50'000'000);
  ArchiveFilter filter{.total_min_us = 10'000'000,
                       .served_only = true,
                       .limit = 3,
                       .order = ArchiveFilter::Order::kNewestFirst};
  const auto row = [](int64_t id) { return "r" + std::to_string(id); };
  const std::vector<std::string> last = {row(119'999), row(119'998), row(119'997)};
  EXPECT_EQ(ids(filter), last);
  add_many(kFirst + kEach, 5);
  EXPECT_EQ(ids(filter), last);
  // What is rare is found wherever it is.
  ASSERT_TRUE(
      database.execute("UPDATE requests SET status = 500, total_us = total_us + id "
                       "WHERE id IN (10001, 10500, 119000, 120001, 229999)"));
  ArchiveFilter rare = filter;
  rare.status = *StatusFilter::parse("failed");
  EXPECT_EQ(ids(rare), (std::vector{row(119'000), row(10'500), row(10'001)}));
  rare.total_min_us.reset();
  EXPECT_EQ(ids(rare), (std::vector{row(229'999), row(120'001), row(119'000)}));
  rare.order = ArchiveFilter::Order::kSlowestFirst;
  EXPECT_EQ(ids(rare), (std::vector{row(119'000), row(10'500), row(10'001)}));
  rare.limit = 5;
  EXPECT_EQ(ids(rare),
            (std::vector{row(119'000), row(10'500), row(10'001), row(229'999), row(120'001)}));
  rare.limit = 9;
  EXPECT_EQ(ids(rare).size(), 5u);
  filter.limit = 0;
  EXPECT_EQ(ids(filter).size(), 109'890u) << "without those that only look";
}

TEST_F(ArchiveReaderTest, RunsThatAreThereFromTheirStart) {
  const auto arrived = [](uint64_t n) { return synthetic_record(n).arrived_unix_ms; };
  const struct {
    ArchiveFilter filter;
    std::vector<int64_t> runs;
  } cases[] = {
      {{}, {1, 2, 3}},
      {{.limit = 300}, {3}},
      {{.limit = 299}, {}},
      {{.limit = 900}, {2, 3}},
      {{.limit = 10, .order = ArchiveFilter::Order::kNewestFirst}, {}},
      {{.limit = 1500, .order = ArchiveFilter::Order::kSlowestFirst}, {}},
      {{.from_unix_ms = arrived(600)}, {2, 3}},
      {{.from_unix_ms = arrived(602)}, {3}},
      {{.until_unix_ms = arrived(700)}, {1, 2, 3}},  // of the third none is there
      {{.from_unix_ms = arrived(600), .until_unix_ms = arrived(700)}, {2, 3}},
      {{.version = "2"}, {2}},
      {{.version = "1", .limit = 300}, {3}},
      {{.task = "chat"}, {}},
      {{.ids = {601, 700}}, {2, 3}},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(reader().runs_from_start(one.filter).value(), one.runs)
        << "limit " << one.filter.limit << " version " << one.filter.version;
  }
  Database database = Database::open(path(), Database::Mode::kReadWrite).value();
  ASSERT_TRUE(database.execute("UPDATE requests SET method = 'GET' WHERE id = 601"));
  const ArchiveFilter served{.served_only = true, .limit = 899};
  EXPECT_EQ(reader().runs_from_start(served).value(), (std::vector<int64_t>{2, 3}))
      << "a probe was the first request";
  ASSERT_TRUE(database.execute("DELETE FROM requests WHERE id <= 700"));
  EXPECT_EQ(reader().runs_from_start({}).value(), (std::vector<int64_t>{3}))
      << "what retention removed";
}

// One small file must not take the memory of all rows that there could be between two.
TEST_F(ArchiveReaderTest, RowsWhoseNumbersAreFarApartAreRead) {
  for (const char* number : {"9007199254740990", "9223372036854775807"}) {
    ASSERT_TRUE(Database::open(path(), Database::Mode::kReadWrite)
                    ->execute("UPDATE requests SET id = " + std::string(number) +
                              " WHERE id = (SELECT max(id) FROM requests)"));
    const auto facts = ArchiveSource(path()).load_facts({}, 2);
    ASSERT_TRUE(facts) << facts.error().message;
    EXPECT_GT(facts->requests.size(), 1400u);
    const auto set = ArchiveSource(path()).load({});
    ASSERT_TRUE(set) << set.error().message;
  }
}

TEST_F(ArchiveReaderTest, NumbersThatCannotBeCountAsNone) {
  ASSERT_TRUE(Database::open(path(), Database::Mode::kReadWrite)
                  ->execute("UPDATE requests SET cpu_ns = -5, status = 1 << 40, history_dropped = "
                            "1 << 40, arrived_unix_ms = 1 << 60 WHERE id = 2;"
                            "UPDATE tasks SET prompt_tokens = -1, submitted_ns = 1 << 62 WHERE id "
                            "BETWEEN 2048 AND 3071"));
  auto opened = reader();
  const RecordPtr record = opened.find(2).value();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->cpu_ns, 0);
  EXPECT_EQ(record->status, 0);
  EXPECT_EQ(record->history_dropped, 0);
  EXPECT_EQ(record->arrived_unix_ms, 0);
  for (const TaskRecord& task : record->tasks) {
    EXPECT_EQ(task.counters.prompt_tokens, 0u);
    EXPECT_EQ(task.counters.submitted_ns, 0);
  }
  // What comes of it can be exported and read again.
  EXPECT_TRUE(parse_record(record_line(*record)));
}

TEST_F(ArchiveReaderTest, ADamagedRecordIsLeftOutAndCounted) {
  ASSERT_TRUE(Database::open(path(), Database::Mode::kReadWrite)
                  ->execute("UPDATE requests SET lane = x'' WHERE id = 20;"
                            "UPDATE tasks SET lane = x'FF' WHERE request = 30"));
  ArchiveReader opened = reader();
  const auto records = opened.read({.ids = {1, 100}});
  ASSERT_TRUE(records) << records.error().message;
  EXPECT_EQ(records->size(), 98u);
  EXPECT_EQ(opened.damaged(), 2u);
  EXPECT_EQ(opened.find(20).value(), nullptr);
  EXPECT_EQ(damaged_text(opened.damaged()), "3 damaged records were left out");
}

TEST_F(ArchiveReaderTest, AMissingFileIsNotCreated) {
  const std::string missing = (folder_ / "missing.db").string();
  const Result<ArchiveReader> opened = ArchiveReader::open(missing);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(missing));
}

TEST_F(ArchiveReaderTest, ReportsOfClientsAreNotServed) {
  RequestRecord record = synthetic_record(2000);
  record.request_id = "report";
  record.path = kClientTimesRoute;
  {
    SqliteArchiveOptions options;
    options.path = path();
    auto archive = SqliteArchive::open(options, run_info("2"), listener(), clock_);
    ASSERT_TRUE(archive) << archive.error().message;
    (*archive)->consume(std::vector<RecordPtr>{std::make_shared<RequestRecord>(record)});
  }
  EXPECT_EQ(ids({.limit = 1}), std::vector<std::string>{"report"});
  EXPECT_EQ(ids({.served_only = true, .limit = 1}),
            expected_ids([](const RequestRecord&, uint64_t) { return true; }, 1));
}

}  // namespace
}  // namespace qaio
