// One Prometheus metric with up to two labels. Internal to prometheus_metrics.cpp.
#pragma once

#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace qaio {

// Series are made when they are first counted and found again without a lock. What exceeds
// kSeriesMax, which no configuration reaches, is counted under the label "other". One thread.
template <typename Metric>
class MetricSeries {
 public:
  static constexpr size_t kSeriesMax = 1024;
  using Bounds = prometheus::Histogram::BucketBoundaries;

  // `bounds` are a histogram's; a counter has none.
  MetricSeries(prometheus::Registry& registry, const std::string& name, const std::string& help,
               std::vector<std::string> labels, Bounds bounds = {})
      : family_(prometheus::detail::Builder<Metric>().Name(name).Help(help).Register(registry)),
        labels_(std::move(labels)),
        bounds_(std::move(bounds)) {}

  Metric& of(std::string_view first = {}, std::string_view second = {}) {
    const auto found = known_.find(std::pair(first, second));
    if (found != known_.end()) return *found->second;
    if (known_.size() >= kSeriesMax) first = second = "other";
    Metric& metric = make({std::string(first), std::string(second)});
    known_.emplace(std::pair(std::string(first), std::string(second)), &metric);
    return metric;
  }

 private:
  struct Less {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      const int order = std::string_view(a.first).compare(b.first);
      return order != 0 ? order < 0 : std::string_view(a.second) < std::string_view(b.second);
    }
  };

  Metric& make(const std::vector<std::string>& values) {
    prometheus::Labels labels;
    for (size_t i = 0; i < labels_.size(); ++i) labels.emplace(labels_[i], values[i]);
    if constexpr (std::is_same_v<Metric, prometheus::Histogram>) {
      return family_.Add(labels, bounds_);
    } else {
      return family_.Add(labels);
    }
  }

  prometheus::Family<Metric>& family_;
  const std::vector<std::string> labels_;
  const Bounds bounds_;
  std::map<std::pair<std::string, std::string>, Metric*, Less> known_;
};

}  // namespace qaio
