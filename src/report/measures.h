// What requests took, one column of values per quantity: what reports and comparisons compute with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "record/compact_record.h"

namespace qaio {

enum class MeasureKind : uint8_t {
  kHeadline,  // what users feel: total, ttft, tpot, ...
  kStage,     // one stage of one lane, or what no stage of it covers
  kLane,      // a task's lane as a whole
  kClient,    // what a client said of its own time, beside the server's
};

// In the order of docs/tracing.md. A task's name comes first: "chat.decode", "chat.unattributed",
// "chat.total"; the request's own lane has none: "parse", "unattributed". What clients said is
// "client.network" and "client.rendering".
struct Measure {
  std::string name = {};
  MeasureKind kind = MeasureKind::kHeadline;
  std::string task = {};        // of a task's lane
  std::vector<double> ms = {};  // of the requests that have it, in order of arrival
  // Where in the set each of them stands; measures of one lane share it.
  std::shared_ptr<const std::vector<uint32_t>> items = {};

  size_t item(size_t i) const { return (*items)[i]; }
  std::vector<double> sorted() const;
};

// Requests that were answered and ran a task; probes and refusals would only dilute the figures.
// A stage that a task did not enter counts as 0; a stage that none entered is left out.
std::vector<Measure> collect_measures(const CompactRecords& set, int threads = 1);

const Measure* find_measure(const std::vector<Measure>& measures, std::string_view name);

std::string stage_text(std::string_view task, Stage stage);  // "chat.decode"; no task: "parse"
std::string ms_text(double ms);                              // "0.012", "1.23", "45.6", "1234"

inline double to_ms(int64_t ns) { return static_cast<double>(ns) / 1e6; }

}  // namespace qaio
