// The figures of a load, from its samples.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "base/result.h"
#include "load/sample.h"
#include "load/thinned_sample.h"

namespace qaio {

// Limits that a good request keeps, all of them.
struct Slo {
  std::optional<double> ttft_ms;
  std::optional<double> tpot_ms;
  std::optional<double> total_ms;

  // "ttft:200,total:1000"; `e2el` is another name of `total`. kInvalidArgument says what is wrong.
  static Result<Slo> parse(std::string_view text);
  bool any() const { return ttft_ms || tpot_ms || total_ms; }
  // An answer without text is judged by its end; one of a single token has no time per token.
  bool kept_by(const RequestSample& sample) const;
};

struct FailureFigures {
  Histogram total;      // until it failed; as a success's total
  std::string example;  // the first one's detail
};

// Latencies are those of requests that succeeded. Memory is bounded: histograms, kFailureKindsMax
// kinds of failures, of which further ones are "other", and an even sample of the requests.
class LoadSummary {
 public:
  static constexpr std::array kPercents = {50.0, 90.0, 95.0, 99.0};  // of latencies, that are shown
  static constexpr size_t kFailureKindsMax = 32;
  static constexpr size_t kSamplesMax = 2'000;  // a comparison gains nothing from more

  explicit LoadSummary(const Slo& slo = {}) : slo_(slo) {}

  void add(const RequestSample& sample);
  // For AnswerReader; also of answers that fail later.
  Histogram& gaps() { return inter_token_; }

  const Slo& slo() const { return slo_; }
  uint64_t succeeded() const { return succeeded_; }
  uint64_t failed() const { return failed_; }
  uint64_t abandoned() const { return abandoned_; }
  uint64_t kept_slo() const { return kept_slo_; }
  // Succeeded with the server's own token counts; of the others chunks were counted as tokens.
  uint64_t with_usage() const { return with_usage_; }
  uint64_t without_text() const { return without_text_; }  // nor answers
  int64_t answers() const { return answers_; }             // to questions, of those that succeeded
  // How their tokens were counted: "usage", "chunks" or "usage and chunks". Answers to questions
  // have no chunks: "texts" are the lengths of those that were asked about.
  std::string_view tokens_counted_by() const;
  // Of requests that succeeded.
  const TokenUsage& tokens() const { return tokens_; }
  const std::map<std::string, FailureFigures>& failures() const { return failures_; }

  // Of requests that succeeded, in the order in which they ended.
  const std::vector<RequestSample>& samples() const { return samples_.values(); }

  const Histogram& ttft() const { return ttft_; }
  const Histogram& tpot() const { return tpot_; }
  const Histogram& inter_token() const { return inter_token_; }
  const Histogram& total() const { return total_; }
  struct Latency {
    std::string_view name;
    const Histogram* values;
  };
  std::array<Latency, 4> latencies() const;  // these four
  // Of connections that were opened, and of handshakes among them.
  const Histogram& connect() const { return connect_; }
  const Histogram& tls_handshake() const { return tls_handshake_; }
  // Counts the connections of `other` as well.
  void add_connections(const LoadSummary& other);
  // From the intended send time to the begin of sending: waiting for a free place, or this program.
  const Histogram& send_delay() const { return send_delay_; }

 private:
  void add_failure(const Failure& failure, int64_t total_ns);

  Slo slo_;
  uint64_t succeeded_ = 0;
  uint64_t failed_ = 0;
  uint64_t abandoned_ = 0;
  uint64_t kept_slo_ = 0;
  uint64_t with_usage_ = 0;
  uint64_t without_text_ = 0;
  int64_t answers_ = 0;
  TokenUsage tokens_;
  std::map<std::string, FailureFigures> failures_;
  ThinnedSample<RequestSample> samples_{kSamplesMax};
  Histogram ttft_;
  Histogram tpot_;
  Histogram inter_token_;
  Histogram total_;
  Histogram send_delay_;
  Histogram connect_;
  Histogram tls_handshake_;
};

}  // namespace qaio
