// Histograms as OpenTelemetry's conventions for generative AI and HTTP servers name them, and
// counters of our own, of records since the start. docs/otlp.md describes each.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/record.h"
#include "telemetry/otlp_genai.h"

namespace qaio {

// One metric: a histogram for each combination of attributes.
class OtlpHistogram {
 public:
  static constexpr size_t kSeriesMax = 1024;  // what is more is counted as an overflow, together

  OtlpHistogram(std::string_view name, std::string_view unit, std::string_view description,
                std::span<const double> bounds)
      : name_(name), unit_(unit), description_(description), bounds_(bounds) {}

  // `attributes` is an array of OTLP's JSON.
  void add(const std::string& attributes, double value);
  bool empty() const { return series_.empty(); }
  // A `Metric` object.
  void write(int64_t start_unix_ns, int64_t now_unix_ns, std::string& out) const;

 private:
  struct Series {
    std::vector<uint64_t> counts;  // by bound, and one above them all
    uint64_t count = 0;
    double sum = 0;
    double min = 0;
    double max = 0;
  };

  const std::string_view name_;
  const std::string_view unit_;
  const std::string_view description_;
  const std::span<const double> bounds_;
  std::map<std::string, Series, std::less<>> series_;  // by attributes
};

// One metric: a count for each combination of attributes.
class OtlpCounter {
 public:
  OtlpCounter(std::string_view name, std::string_view unit, std::string_view description)
      : name_(name), unit_(unit), description_(description) {}

  void add(const std::string& attributes, uint64_t count);  // as OtlpHistogram's
  bool empty() const { return series_.empty(); }
  void write(int64_t start_unix_ns, int64_t now_unix_ns, std::string& out) const;

 private:
  const std::string_view name_;
  const std::string_view unit_;
  const std::string_view description_;
  std::map<std::string, uint64_t, std::less<>> series_;  // by attributes
};

// One thread.
class OtlpMetrics {
 public:
  explicit OtlpMetrics(GenAiConventions genai = GenAiConventions::k1_41);

  void add(const RequestRecord& record, const std::string& model);
  void add_client(const RequestRecord& amended);
  // `Metric` objects joined by commas; empty as long as nothing was counted.
  std::string json(int64_t start_unix_ns, int64_t now_unix_ns) const;

 private:
  void add_task(const RequestRecord& record, const TaskRecord& task, const std::string& model);
  void add_tokens(const TaskRecord& task, const std::string& model);
  void add_latest_tokens(const TaskRecord& task, const std::string& model);

  const GenAiConventions genai_;

  OtlpHistogram http_duration_;
  OtlpHistogram duration_;
  OtlpHistogram first_token_;
  OtlpHistogram per_token_;
  OtlpHistogram tokens_;
  OtlpHistogram client_time_;
  OtlpCounter input_usage_;  // these in the latest conventions' names, instead of tokens_
  OtlpCounter output_usage_;
  OtlpCounter cache_read_usage_;
  OtlpHistogram input_tokens_;
  OtlpHistogram output_tokens_;
  OtlpCounter requests_;
  OtlpCounter token_count_;
  OtlpCounter cached_tokens_;
  OtlpCounter questions_;
};

}  // namespace qaio
