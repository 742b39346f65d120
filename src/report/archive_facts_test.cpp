// What is read of an archive without its records is what the records say.
#include "archive/archive_facts.h"

#include <gmock/gmock.h>

#include "archive/archive_fixture_for_test.h"
#include "archive/archive_source.h"
#include "archive/sqlite_archive.h"
#include "report/report.h"
#include "report/report_json.h"

namespace qaio {
namespace {

// 3,000 records of two versions, of two runs each, and a GET after every hundred.
class ArchiveFactsTest : public ArchiveTest {
 protected:
  void SetUp() override {
    ArchiveTest::SetUp();
    for (uint64_t part = 0; part < 4; ++part) {
      SqliteArchiveOptions options;
      options.path = path();
      RunInfo run = run_info(part < 2 ? "1" : "2");
      run.started_unix_ms += static_cast<int64_t>(part);
      if (part == 1) run.model = "other";
      auto archive = SqliteArchive::open(options, run, listener(), clock_);
      ASSERT_TRUE(archive) << archive.error().message;
      std::vector<RecordPtr> batch = records(part * 750, 750);
      const auto probe = std::make_shared<RequestRecord>(*batch[100]);
      probe->method = "GET";
      batch.insert(batch.begin() + 100, probe);
      // requests end in another order than they arrived
      for (size_t i = 0; i + 3 < batch.size(); i += 7) std::swap(batch[i], batch[i + 3]);
      (*archive)->consume(batch);
    }
  }
  ArchiveSource source() { return ArchiveSource(path()); }
  void execute(const std::string& sql) {
    Database database = Database::open(path(), Database::Mode::kReadWrite).value();
    EXPECT_TRUE(database.execute(sql));
  }
};

TEST_F(ArchiveFactsTest, AReportOfFactsIsTheReportOfTheRecords) {
  const int64_t since = synthetic_record(500).arrived_unix_ms;
  const int64_t until = synthetic_record(2500).arrived_unix_ms;
  const RecordSelection selections[] = {{},
                                        {.last = 100},
                                        {.since_unix_ms = since},
                                        {.until_unix_ms = until},
                                        {.last = 700, .since_unix_ms = since, .version = "1"},
                                        {.version = "2"},
                                        {.version = "none"},
                                        {.model = "other"},
                                        {.version = "2", .model = "other"},
                                        {.last = 50, .task = "sentiment"},
                                        {.task = "none"},
                                        {.path = "/chat"},
                                        {.path = "/none"}};
  for (const RecordSelection& selection : selections) {
    const RecordSet records = source().load(selection).value();
    const ReportOptions options{
        .trend = TrendBy::kVersion, .limits = PhysicalLimits{30, 900, 261e6, 0.62}, .threads = 3};
    const std::string want = report_json(make_report(records, options));
    for (const int threads : {1, 3}) {
      const auto facts = source().load_facts(selection, threads);
      ASSERT_TRUE(facts) << facts.error().message;
      EXPECT_EQ(facts->requests.size(), records.items.size());
      EXPECT_EQ(report_json(make_report(*facts, options)), want);
    }
  }
}

TEST_F(ArchiveFactsTest, FindingsNameTheirRequests) {
  const CompactRecords facts = source().load_facts({}, 2).value();
  const CompactRecord& request = *facts.requests[1234];
  EXPECT_EQ(facts.id_of(request), synthetic_record(1234).request_id);
  execute("DELETE FROM requests WHERE id = " + std::to_string(request.key));
  EXPECT_EQ(facts.id_of(request), "?");
}

TEST_F(ArchiveFactsTest, DamagedRecordsAreLeftOutAndCounted) {
  const size_t all = source().load_facts({}, 2)->requests.size();
  execute("UPDATE tasks SET lane = x'FFFFFFFFFFFFFFFFFFFF' WHERE request = 2000");
  execute("UPDATE requests SET lane = x'' WHERE id IN (1000, 2000, 2002)");
  const auto facts = source().load_facts({}, 2);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->requests.size(), all - 3);
  EXPECT_EQ(facts->damaged, 3u);
}

TEST_F(ArchiveFactsTest, FaultsAreSaid) {
  EXPECT_EQ(ArchiveSource(path(), [] { return true; }).load_facts({}, 2).error().code,
            ErrorCode::kCancelled);
  EXPECT_EQ(ArchiveSource("/no/such/file").load_facts({}, 2).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace qaio
