// Metrics of plain numbers in OTLP's JSON encoding. Internal to otlp_*.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/json_writer.h"

namespace qaio {

inline constexpr int kOtlpCumulative = 2;  // AGGREGATION_TEMPORALITY_CUMULATIVE

enum class OtlpKind : uint8_t {
  kCounter,        // only grows
  kUpDownCounter,  // a count of what there is: sums over servers make sense
  kGauge,          // a value whose sum makes none
};

struct OtlpMetricHead {
  std::string_view name;
  std::string_view unit;
  std::string_view description;
  OtlpKind kind = OtlpKind::kGauge;
};

struct OtlpPoint {
  std::string attributes;  // an array of OTLP's JSON
  std::variant<int64_t, double> value;
};

// The members of a data point before its value; an object is open.
void write_otlp_point_head(std::string_view attributes, int64_t start_unix_ns, int64_t now_unix_ns,
                           JsonWriter& json);

// A `Metric` object.
void write_otlp_metric(const OtlpMetricHead& head, std::span<const OtlpPoint> points,
                       int64_t start_unix_ns, int64_t now_unix_ns, std::string& out);

}  // namespace qaio
