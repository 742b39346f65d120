#include "telemetry/otlp_exporter.h"

#include <gmock/gmock.h>

#include "telemetry/otlp_for_test.h"

namespace qaio {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using Outcome = HttpSendResult::Outcome;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr size_t kSpansOfOne = 12;  // of traced_record()

class OtlpExporterTest : public testing::Test {
 protected:
  OtlpExporterTest() {
    options_.resource = {{"service.name", "qaio"}};
    options_.version = "9";
    options_.batch_spans_max = 30;
    options_.say = [this](const std::string& text) { said_.push_back(text); };
  }
  void start() {
    exporter_ = std::make_unique<OtlpExporter>(
        options_, clock_, [this](HttpPost post) { traces_.push_back(std::move(post)); },
        [this](HttpPost post) { metrics_.push_back(std::move(post)); });
    exporter_->set_model("demo");
  }
  void consume(int count, bool sampled = true) {
    std::vector<RecordPtr> records(static_cast<size_t>(count));
    for (RecordPtr& record : records) record = traced_record(sampled);
    exporter_->consume(records);
  }
  void pass(std::chrono::nanoseconds time) {
    clock_.advance_ns(time.count());
    exporter_->consume({});
  }
  static size_t spans_in(const HttpPost& post) {
    const json::value body = parsed(post.body);
    const json::array& resources = body.at("resourceSpans").as_array();
    EXPECT_EQ(resources.size(), 1u);
    EXPECT_EQ(attributes_of(resources[0].at("resource")).at("service.name"), "qaio");
    const json::value& scope = resources[0].at("scopeSpans").at(0);
    EXPECT_EQ(scope.at("scope").at("name").as_string(), "qaio");
    EXPECT_EQ(scope.at("scope").at("version").as_string(), "9");
    return scope.at("spans").as_array().size();
  }
  void end(const HttpPost& post, Outcome outcome, const std::string& answer = "{}") {
    post.on_end({.outcome = outcome, .answer = answer});
  }

  OtlpOptions options_;
  FakeClock clock_;
  std::vector<HttpPost> traces_;
  std::vector<HttpPost> metrics_;
  std::vector<std::string> said_;
  std::unique_ptr<OtlpExporter> exporter_;
};

TEST_F(OtlpExporterTest, ABatchWaitsForMoreButNotLong) {
  start();
  consume(1);
  pass(999ms);
  consume(1);
  EXPECT_THAT(traces_, IsEmpty());
  pass(1ms);
  ASSERT_THAT(traces_, SizeIs(1));
  EXPECT_EQ(spans_in(traces_[0]), 2 * kSpansOfOne);
  pass(10s);
  EXPECT_THAT(traces_, SizeIs(1)) << "there is nothing to send";
}

TEST_F(OtlpExporterTest, BatchesAreBounded) {
  start();
  consume(5);  // two of 12 fit into 30
  ASSERT_THAT(traces_, SizeIs(2));
  for (const HttpPost& post : traces_) EXPECT_EQ(spans_in(post), 2 * kSpansOfOne);
  pass(1s);
  EXPECT_EQ(spans_in(traces_.at(2)), kSpansOfOne);
}

TEST_F(OtlpExporterTest, BytesAreBoundedToo) {
  options_.batch_bytes_max = 1;
  start();
  consume(2);
  ASSERT_THAT(traces_, SizeIs(2));
  EXPECT_EQ(spans_in(traces_[0]), kSpansOfOne);
}

TEST_F(OtlpExporterTest, OnlyWhatIsSampled) {
  start();
  consume(1, false);
  pass(10s);
  EXPECT_THAT(traces_, IsEmpty());
  exporter_.reset();
  EXPECT_THAT(traces_, IsEmpty());
  EXPECT_THAT(metrics_, SizeIs(1)) << "it is counted all the same";
}

TEST_F(OtlpExporterTest, TheEndSendsWhatIsLeft) {
  start();
  consume(1);
  exporter_.reset();
  ASSERT_THAT(traces_, SizeIs(1));
  EXPECT_EQ(spans_in(traces_[0]), kSpansOfOne);
  ASSERT_THAT(metrics_, SizeIs(1));
  end(traces_[0], Outcome::kSent);  // what is under way may end later
}

TEST_F(OtlpExporterTest, MetricsComeInTheirInterval) {
  start();
  pass(60s);
  EXPECT_THAT(metrics_, IsEmpty()) << "nothing was counted";
  consume(1);
  pass(59s);
  EXPECT_THAT(metrics_, IsEmpty());
  pass(1s);
  ASSERT_THAT(metrics_, SizeIs(1));
  pass(60s);
  ASSERT_THAT(metrics_, SizeIs(2)) << "cumulative: again, also without news";
  const json::value body = parsed(metrics_[1].body);
  const json::value& scope = body.at("resourceMetrics").at(0).at("scopeMetrics").at(0);
  const json::value& metric = scope.at("metrics").at(0);
  EXPECT_EQ(metric.at("name").as_string(), "http.server.request.duration");
  const json::value& point = metric.at("histogram").at("dataPoints").at(0);
  EXPECT_EQ(point.at("startTimeUnixNano").as_string(), "1000000000") << "the fake clock's start";
  EXPECT_EQ(point.at("timeUnixNano").as_string(), "181000000000");
}

TEST_F(OtlpExporterTest, TheStateIsExportedBesideTheRecords) {
  start();
  exporter_->set_state([] { return ServerState(); });
  exporter_->set_address("10.0.0.1", 8081);
  pass(60s);
  ASSERT_THAT(metrics_, SizeIs(1));
  EXPECT_THAT(metrics_[0].body, HasSubstr("qaio.dropped_records"));
  consume(1);
  exporter_->begin_stop();
  ASSERT_THAT(metrics_, SizeIs(2));
  EXPECT_THAT(metrics_[1].body, HasSubstr("gen_ai.server.request.duration"));
  EXPECT_THAT(metrics_[1].body, HasSubstr("process.cpu.time"));
  EXPECT_THAT(traces_.at(0).body,
              HasSubstr(R"({"key":"server.address","value":{"stringValue":"10.0.0.1"}})"));
  exporter_.reset();
  EXPECT_THAT(metrics_, SizeIs(2)) << "the end has begun before";
}

TEST_F(OtlpExporterTest, EitherKindAlone) {
  exporter_ = std::make_unique<OtlpExporter>(
      options_, clock_, OtlpExporter::Send(),
      [this](HttpPost post) { metrics_.push_back(std::move(post)); });
  consume(1);
  pass(60s);
  EXPECT_THAT(metrics_, SizeIs(1));
  exporter_ = std::make_unique<OtlpExporter>(
      options_, clock_, [this](HttpPost post) { traces_.push_back(std::move(post)); },
      OtlpExporter::Send());
  metrics_.clear();
  consume(1);
  pass(60s);
  exporter_.reset();
  EXPECT_THAT(traces_, SizeIs(1));
  EXPECT_THAT(metrics_, IsEmpty());
}

TEST_F(OtlpExporterTest, CountsWhatBecameOfEverySpan) {
  options_.batch_spans_max = 1;
  start();
  consume(4);
  ASSERT_THAT(traces_, SizeIs(4));
  EXPECT_EQ(exporter_->counts().spans_waiting, 4 * kSpansOfOne);
  end(traces_[0], Outcome::kSent);
  end(traces_[1], Outcome::kFailed);
  end(traces_[2], Outcome::kDropped);
  end(traces_[3], Outcome::kSent,
      R"({"partialSuccess":{"rejectedSpans":"5","errorMessage":"too old"}})");
  const OtlpCounts counts = exporter_->counts();
  EXPECT_EQ(counts.spans_exported, kSpansOfOne + kSpansOfOne - 5);
  EXPECT_EQ(counts.spans_rejected, 5u);
  EXPECT_EQ(counts.spans_failed, kSpansOfOne);
  EXPECT_EQ(counts.spans_dropped, kSpansOfOne);
  EXPECT_EQ(counts.spans_waiting, 0u);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("rejected 5 of 12 spans: too old")));
}

TEST_F(OtlpExporterTest, SaysOnceThatItFailsAndOnceThatItWorks) {
  options_.batch_spans_max = 1;
  start();
  consume(4);
  const std::string partial = R"({"partialSuccess":{"rejectedSpans":1}})";
  end(traces_[0], Outcome::kSent, partial);
  end(traces_[1], Outcome::kSent, partial);
  EXPECT_THAT(said_, SizeIs(1));
  end(traces_[2], Outcome::kSent, R"({"partialSuccess":{"errorMessage":"a warning"}})");
  end(traces_[3], Outcome::kSent, "no JSON");
  EXPECT_THAT(said_, ElementsAre(HasSubstr("rejected 1 of 12"), HasSubstr("taken again")));
}

TEST_F(OtlpExporterTest, PartOfTheMetricsIsNotAllOfThem) {
  start();
  consume(1);
  for (int i = 0; i < 3; ++i) pass(60s);
  ASSERT_THAT(metrics_, SizeIs(3));
  EXPECT_EQ(exporter_->counts().metrics_waiting, 3u);
  end(metrics_[0], Outcome::kSent);
  end(metrics_[1], Outcome::kSent, R"({"partialSuccess":{"rejectedDataPoints":"2"}})");
  end(metrics_[2], Outcome::kDropped);
  EXPECT_EQ(exporter_->counts().metrics_exported, 1u);
  EXPECT_EQ(exporter_->counts().metrics_failed, 2u);
}

TEST_F(OtlpExporterTest, AWrongUrlIsRefused) {
  options_.traces_url = "ftp://host/v1/traces";
  const auto exporter = OtlpExporter::create(options_, clock_);
  ASSERT_FALSE(exporter);
  EXPECT_EQ(exporter.error().code, ErrorCode::kInvalidArgument);
}

// Nothing listens at port 1: the end comes within its time, and every span is accounted for.
TEST_F(OtlpExporterTest, AnAbsentReceiverHoldsNothingUp) {
  options_.traces_url = "http://127.0.0.1:1/v1/traces";
  options_.drain_time = 50ms;
  auto exporter = OtlpExporter::create(options_, clock_);
  ASSERT_TRUE(exporter) << exporter.error().message;
  const RecordPtr record = traced_record();
  (*exporter)->consume({&record, 1});
  const auto start = std::chrono::steady_clock::now();
  exporter->reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  ASSERT_THAT(said_, SizeIs(1));
  EXPECT_THAT(said_[0], HasSubstr("http://127.0.0.1:1/v1/traces"));
}

}  // namespace
}  // namespace qaio
