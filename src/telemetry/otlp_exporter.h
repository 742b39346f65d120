// Sends records to an OpenTelemetry collector: OTLP over HTTP in its JSON encoding. docs/otlp.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "net/http_sender.h"
#include "record/observer.h"
#include "telemetry/otlp_counts.h"
#include "telemetry/otlp_metrics.h"
#include "telemetry/otlp_spans.h"
#include "telemetry/server_state.h"

namespace qaio {

struct OtlpOptions {
  std::string traces_url;                                    // empty: no traces
  std::string metrics_url;                                   // empty: no metrics
  std::vector<std::pair<std::string, std::string>> headers;  // of every post
  // Attributes of the resource: service.name and so on; names all different.
  std::vector<std::pair<std::string, std::string>> resource;
  std::string version;  // of the program
  GenAiConventions genai = GenAiConventions::k1_41;

  // A batch goes out when it has so many spans or bytes, or its first span is so old.
  size_t batch_spans_max = 512;
  size_t batch_bytes_max = 1 << 20;
  std::chrono::milliseconds batch_delay{1'000};
  std::chrono::milliseconds metrics_interval{60'000};
  size_t queue_posts_max = 64;  // of each of the two kinds
  std::chrono::milliseconds timeout{10'000};
  std::chrono::milliseconds drain_time{2'000};  // at the end, for both kinds at once

  // A sentence for the log: once when it begins to fail and once when it works again. Any thread.
  std::function<void(const std::string& text)> say;
};

// What the observer's thread does here is to write JSON; waiting is the senders' business.
class OtlpExporter final : public RecordConsumer {
 public:
  // kInvalidArgument for a URL that is not of HTTP. `clock` outlives it.
  static Result<std::unique_ptr<OtlpExporter>> create(OtlpOptions options, const Clock& clock);

  // Takes a post and calls its on_end once; what create() gets from a HttpSender.
  using Send = std::function<void(HttpPost)>;
  OtlpExporter(OtlpOptions options, const Clock& clock, Send send_traces, Send send_metrics);
  ~OtlpExporter() override;

  void consume(std::span<const RecordPtr> records) override;
  void amend(const RecordPtr& amended) override;
  // After the last record: sends what is left, which has the options' drain_time from now on. The
  // destructor does the same, and waits.
  void begin_stop();

  // When the model is known, and where the server listens. Any thread.
  void set_model(std::string model);
  void set_address(std::string address, int port);
  // What is exported beside the records, asked on the observer's thread and by begin_stop(). Before
  // the first record.
  void set_state(std::function<ServerState()> state) { state_ = std::move(state); }
  OtlpCounts counts() const;  // any thread

 private:
  struct Outcomes;

  void add_spans(const RequestRecord& record, const OtlpServer& server);
  void send_spans();
  void send_metrics();
  std::string body_of(std::string_view kind, const std::string& items) const;

  const OtlpOptions options_;
  const Clock& clock_;
  const std::string resource_;  // JSON
  const std::shared_ptr<Outcomes> outcomes_;
  const int64_t start_unix_ns_;
  TimeNs metrics_sent_ns_;
  OtlpMetrics metrics_;
  std::string spans_;  // of the batch that is being filled
  size_t span_count_ = 0;
  TimeNs first_span_ns_ = 0;  // when the batch began
  bool stopping_ = false;

  mutable Mutex mutex_;
  OtlpServer server_ QAIO_GUARDED_BY(mutex_);
  std::function<ServerState()> state_;

  // Before the functions that use them; gone before anything else.
  std::unique_ptr<HttpSender> traces_sender_;
  std::unique_ptr<HttpSender> metrics_sender_;
  const Send send_traces_;
  const Send send_metrics_;
};

}  // namespace qaio
