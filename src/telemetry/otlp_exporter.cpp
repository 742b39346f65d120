#include "telemetry/otlp_exporter.h"

#include <fmt/format.h>

#include <atomic>
#include <optional>

#include "base/json.h"
#include "base/json_writer.h"
#include "telemetry/otlp_json.h"
#include "telemetry/otlp_spans.h"
#include "telemetry/otlp_state_metrics.h"

namespace qaio {
namespace {

std::string resource_json(const OtlpOptions& options) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("attributes");
  {
    OtlpAttributes out(json);
    for (const auto& [name, value] : options.resource) out.text(name, value);
  }
  json.end_object();
  return text;
}

// The protocol names those that may be tried again.
bool retries(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

struct PartialSuccess {
  uint64_t rejected = 0;
  std::string message;
};

// Of an answer that took the post; nothing in it is ordinary.
PartialSuccess partial_success(const std::string& answer, std::string_view rejected) {
  PartialSuccess partial;
  const auto value = parse_json(answer, "the answer");
  const auto* object = value && value->is_object() ? &value->get_object() : nullptr;
  const auto* inner = object != nullptr ? object->if_contains("partialSuccess") : nullptr;
  if (inner == nullptr || !inner->is_object()) return partial;
  if (const auto* count = inner->get_object().if_contains(rejected)) {
    boost::json::error_code ec;
    if (count->is_number()) {
      partial.rejected = count->to_number<uint64_t>(ec);
    } else if (count->is_string()) {
      partial.rejected = std::strtoull(count->get_string().c_str(), nullptr, 10);
    }
    if (ec) partial.rejected = 0;
  }
  if (const auto* text = inner->get_object().if_contains("errorMessage")) {
    if (text->is_string()) partial.message = text->get_string().subview(0, 200);
  }
  return partial;
}

}  // namespace

// Shared with what is under way: posts end on the senders' threads.
struct OtlpExporter::Outcomes {
  explicit Outcomes(std::function<void(const std::string&)> say_) : say(std::move(say_)) {}

  void fails(std::atomic<bool>& failing, const std::string& problem) {
    if (failing.exchange(true)) return;
    if (say) say(problem + "; until it works again, more of this is only counted in /metrics");
  }
  void works(std::atomic<bool>& failing, std::string_view what) {
    if (!failing.exchange(false)) return;
    if (say) say(fmt::format("OTLP: {} are taken again", what));
  }
  void end_spans(const HttpSendResult& result, uint64_t count) {
    spans_waiting -= count;
    if (result.outcome == HttpSendResult::Outcome::kFailed) spans_failed += count;
    if (result.outcome == HttpSendResult::Outcome::kDropped) spans_dropped += count;
    if (result.outcome != HttpSendResult::Outcome::kSent) return;
    const PartialSuccess partial = partial_success(result.answer, "rejectedSpans");
    const uint64_t rejected = std::min(partial.rejected, count);
    spans_rejected += rejected;
    spans_exported += count - rejected;
    if (rejected == 0) return works(traces_failing, "spans");
    fails(traces_failing, fmt::format("OTLP: the receiver rejected {} of {} spans: {}", rejected,
                                      count, partial.message));
  }
  void end_metrics(const HttpSendResult& result) {
    --metrics_waiting;
    const bool sent = result.outcome == HttpSendResult::Outcome::kSent;
    const PartialSuccess partial =
        sent ? partial_success(result.answer, "rejectedDataPoints") : PartialSuccess();
    const bool whole = sent && partial.rejected == 0;
    ++(whole ? metrics_exported : metrics_failed);
    if (whole) return works(metrics_failing, "metrics");
    if (!sent) return;  // the sender has told why
    fails(metrics_failing, fmt::format("OTLP: the receiver rejected {} data points: {}",
                                       partial.rejected, partial.message));
  }

  const std::function<void(const std::string&)> say;
  std::atomic<uint64_t> spans_exported = 0;
  std::atomic<uint64_t> spans_rejected = 0;
  std::atomic<uint64_t> spans_failed = 0;
  std::atomic<uint64_t> spans_dropped = 0;
  std::atomic<uint64_t> spans_waiting = 0;
  std::atomic<uint64_t> metrics_exported = 0;
  std::atomic<uint64_t> metrics_failed = 0;
  std::atomic<uint64_t> metrics_waiting = 0;
  std::atomic<bool> traces_failing = false;
  std::atomic<bool> metrics_failing = false;
};

Result<std::unique_ptr<OtlpExporter>> OtlpExporter::create(OtlpOptions options,
                                                           const Clock& clock) {
  std::unique_ptr<HttpSender> senders[2];
  // Filled in below: the exporter is there before anything is sent.
  const auto outcomes = std::make_shared<std::weak_ptr<Outcomes>>();
  for (const bool traces : {true, false}) {
    const std::string& url = traces ? options.traces_url : options.metrics_url;
    if (url.empty()) continue;
    HttpSender::Options sender;
    sender.url = url;
    sender.headers = options.headers;
    sender.headers.emplace_back("Content-Type", "application/json");
    sender.queue_posts_max = options.queue_posts_max;
    sender.timeout = options.timeout;
    sender.drain_time = options.drain_time;
    sender.retries = retries;
    sender.on_problem = sender.on_retry = [outcomes, traces](const std::string& problem) {
      const auto all = outcomes->lock();
      if (all) all->fails(traces ? all->traces_failing : all->metrics_failing, "OTLP: " + problem);
    };
    QAIO_ASSIGN(senders[traces ? 0 : 1], HttpSender::create(std::move(sender)));
  }
  const auto send_by = [](const std::unique_ptr<HttpSender>& sender) {
    return sender ? Send([to = sender.get()](HttpPost post) { to->send(std::move(post)); })
                  : Send();
  };
  auto exporter = std::make_unique<OtlpExporter>(std::move(options), clock, send_by(senders[0]),
                                                 send_by(senders[1]));
  *outcomes = exporter->outcomes_;
  exporter->traces_sender_ = std::move(senders[0]);
  exporter->metrics_sender_ = std::move(senders[1]);
  return exporter;
}

OtlpExporter::OtlpExporter(OtlpOptions options, const Clock& clock, Send send_traces,
                           Send send_metrics)
    : options_(std::move(options)),
      clock_(clock),
      resource_(resource_json(options_)),
      outcomes_(std::make_shared<Outcomes>(options_.say)),
      start_unix_ns_(clock.wall_unix_ms() * 1'000'000),
      metrics_sent_ns_(clock.now_ns()),
      metrics_(options_.genai),
      server_{.genai = options_.genai},
      send_traces_(std::move(send_traces)),
      send_metrics_(std::move(send_metrics)) {}

OtlpExporter::~OtlpExporter() { begin_stop(); }

void OtlpExporter::begin_stop() {
  if (std::exchange(stopping_, true)) return;
  send_spans();
  send_metrics();
  for (const auto& sender : {&traces_sender_, &metrics_sender_}) {
    if (*sender) (*sender)->begin_stop();
  }
}

void OtlpExporter::consume(std::span<const RecordPtr> records) {
  OtlpServer server;
  {
    const MutexLock lock(mutex_);
    server = server_;
  }
  for (const RecordPtr& record : records) {
    if (send_traces_ && record->trace.sampled) add_spans(*record, server);
    if (send_metrics_ && !only_observes(*record)) metrics_.add(*record, server.model);
  }
  const auto due = [now_ns = clock_.now_ns()](TimeNs since_ns, std::chrono::nanoseconds after) {
    return now_ns - since_ns >= after.count();
  };
  if (span_count_ > 0 && due(first_span_ns_, options_.batch_delay)) send_spans();
  if (due(metrics_sent_ns_, options_.metrics_interval)) send_metrics();
}

void OtlpExporter::amend(const RecordPtr& amended) {
  if (send_metrics_) metrics_.add_client(*amended);
}

void OtlpExporter::add_spans(const RequestRecord& record, const OtlpServer& server) {
  const OtlpSpans spans = otlp_spans(record, server);
  if (span_count_ + spans.count > options_.batch_spans_max) send_spans();
  if (span_count_ == 0) {
    first_span_ns_ = clock_.now_ns();
  } else {
    spans_ += ',';
  }
  spans_ += spans.json;
  span_count_ += spans.count;
  outcomes_->spans_waiting += spans.count;
  if (span_count_ >= options_.batch_spans_max || spans_.size() >= options_.batch_bytes_max) {
    send_spans();
  }
}

void OtlpExporter::send_spans() {
  if (span_count_ == 0) return;
  HttpPost post;
  post.body = body_of("Spans", spans_);
  post.on_end = [outcomes = outcomes_, count = span_count_](const HttpSendResult& result) {
    outcomes->end_spans(result, count);
  };
  spans_.clear();
  span_count_ = 0;
  send_traces_(std::move(post));
}

void OtlpExporter::send_metrics() {
  if (!send_metrics_) return;
  metrics_sent_ns_ = clock_.now_ns();
  const int64_t now_unix_ns = clock_.wall_unix_ms() * 1'000'000;
  std::string metrics = metrics_.json(start_unix_ns_, now_unix_ns);
  if (state_) {
    if (!metrics.empty()) metrics += ',';
    metrics += otlp_state_metrics(state_(), start_unix_ns_, now_unix_ns);
  }
  if (metrics.empty()) return;
  HttpPost post;
  post.body = body_of("Metrics", metrics);
  post.on_end = [outcomes = outcomes_](const HttpSendResult& result) {
    outcomes->end_metrics(result);
  };
  ++outcomes_->metrics_waiting;
  send_metrics_(std::move(post));
}

// ExportTraceServiceRequest or ExportMetricsServiceRequest.
std::string OtlpExporter::body_of(std::string_view kind, const std::string& items) const {
  std::string body;
  JsonWriter json(body);
  const std::string name(kind);
  json.begin_object().key("resource" + name).begin_array().begin_object();
  json.key("resource").raw(resource_);
  json.key("scope" + name).begin_array().begin_object().key("scope").begin_object();
  json.key("name").string("qaio").key("version").string(options_.version).end_object();
  json.key(kind == "Spans" ? "spans" : "metrics").begin_array().raw(items).end_array();
  json.end_object().end_array().end_object().end_array().end_object();
  return body;
}

void OtlpExporter::set_model(std::string model) {
  const MutexLock lock(mutex_);
  server_.model = std::move(model);
}

void OtlpExporter::set_address(std::string address, int port) {
  const MutexLock lock(mutex_);
  server_.address = std::move(address);
  server_.port = port;
}

OtlpCounts OtlpExporter::counts() const {
  return {.spans_exported = outcomes_->spans_exported,
          .spans_rejected = outcomes_->spans_rejected,
          .spans_failed = outcomes_->spans_failed,
          .spans_dropped = outcomes_->spans_dropped,
          .spans_waiting = outcomes_->spans_waiting,
          .metrics_exported = outcomes_->metrics_exported,
          .metrics_failed = outcomes_->metrics_failed,
          .metrics_waiting = outcomes_->metrics_waiting};
}

}  // namespace qaio
