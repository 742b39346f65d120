#include "telemetry/otlp_points.h"

namespace qaio {

void write_otlp_point_head(std::string_view attributes, int64_t start_unix_ns, int64_t now_unix_ns,
                           JsonWriter& json) {
  if (attributes != "[]") json.key("attributes").raw(attributes);
  json.key("startTimeUnixNano").string(std::to_string(start_unix_ns));
  json.key("timeUnixNano").string(std::to_string(now_unix_ns));
}

void write_otlp_metric(const OtlpMetricHead& head, std::span<const OtlpPoint> points,
                       int64_t start_unix_ns, int64_t now_unix_ns, std::string& out) {
  JsonWriter json(out);
  json.begin_object().key("name").string(head.name).key("description").string(head.description);
  json.key("unit").string(head.unit);
  json.key(head.kind == OtlpKind::kGauge ? "gauge" : "sum").begin_object();
  if (head.kind != OtlpKind::kGauge) {
    json.key("aggregationTemporality").integer(kOtlpCumulative);
    json.key("isMonotonic").boolean(head.kind == OtlpKind::kCounter);
  }
  json.key("dataPoints").begin_array();
  for (const OtlpPoint& point : points) {
    json.begin_object();
    write_otlp_point_head(point.attributes, start_unix_ns, now_unix_ns, json);
    if (const auto* integer = std::get_if<int64_t>(&point.value)) {
      json.key("asInt").string(std::to_string(*integer));
    } else {
      json.key("asDouble").real(std::get<double>(point.value));
    }
    json.end_object();
  }
  json.end_array().end_object().end_object();
}

}  // namespace qaio
