// libFuzzer: any bytes as what an OpenTelemetry collector answers to a post that it took.
#include <vector>

#include "base/clock.h"
#include "base/fuzz_for_test.h"
#include "record/synthetic_record_for_test.h"
#include "telemetry/otlp_exporter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  const std::string answer(fuzz_text(data, size));
  std::vector<std::string> said;
  OtlpOptions options;
  options.traces_url = options.metrics_url = "http://localhost";
  options.batch_spans_max = 1;
  options.say = [&said](const std::string& text) { said.push_back(text); };
  const FakeClock clock;
  const auto send = [&answer](const HttpPost& post) {
    post.on_end({.outcome = HttpSendResult::Outcome::kSent, .answer = answer});
  };
  OtlpExporter exporter(options, clock, send, send);
  static const std::vector<RecordPtr> records = [] {
    RequestRecord record = synthetic_record(1);
    record.trace.sampled = true;
    return std::vector<RecordPtr>{std::make_shared<const RequestRecord>(std::move(record))};
  }();
  exporter.consume(records);
  exporter.begin_stop();
  // Whatever it says, every span has one end.
  const OtlpCounts counts = exporter.counts();
  require(counts.spans_waiting == 0 && counts.metrics_waiting == 0);
  require(counts.spans_failed == 0 && counts.spans_dropped == 0);
  require(counts.spans_exported + counts.spans_rejected > 0);
  for (const std::string& text : said) require(text.size() < 1000);
  return 0;
}
