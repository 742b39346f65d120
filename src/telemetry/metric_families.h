// Values as Prometheus' families hold them. For the .cpp files of metrics that are read, not
// counted.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace qaio {

struct MetricValue {
  std::vector<prometheus::ClientMetric::Label> labels;
  double value;
};

template <typename Number>
MetricValue labelled(std::string name, std::string value, Number number) {
  return {{{std::move(name), std::move(value)}}, static_cast<double>(number)};
}

class MetricFamilies {
 public:
  void gauge(const char* name, const char* help, std::vector<MetricValue> values) {
    add(prometheus::MetricType::Gauge, name, help, std::move(values));
  }
  void gauge(const char* name, const char* help, double value) {
    add(prometheus::MetricType::Gauge, name, help, {{{}, value}});
  }
  void counter(const char* name, const char* help, std::vector<MetricValue> values) {
    add(prometheus::MetricType::Counter, name, help, std::move(values));
  }
  void counter(const char* name, const char* help, double value) {
    add(prometheus::MetricType::Counter, name, help, {{{}, value}});
  }
  std::vector<prometheus::MetricFamily> take() { return std::move(all_); }

 private:
  void add(prometheus::MetricType type, const char* name, const char* help,
           std::vector<MetricValue> values) {
    prometheus::MetricFamily family{.name = name, .help = help, .type = type, .metric = {}};
    for (MetricValue& value : values) {
      prometheus::ClientMetric& metric = family.metric.emplace_back();
      metric.label = std::move(value.labels);
      (type == prometheus::MetricType::Gauge ? metric.gauge.value : metric.counter.value) =
          value.value;
    }
    all_.push_back(std::move(family));
  }

  std::vector<prometheus::MetricFamily> all_;
};

}  // namespace qaio
