// What one request means to a rule.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "record/compact_record.h"
#include "record/named_times.h"
#include "record/outcome.h"
#include "record/record.h"
#include "slo/slo_rule.h"

namespace qaio {

// The times of a record, each kind computed when a rule first asks. Borrows the record.
class RecordTimes {
 public:
  explicit RecordTimes(const RequestRecord& record) : record_(record) {}

  const RequestRecord& record() const { return record_; }
  const NamedRequestTimes& request() const;
  const std::vector<NamedTaskTimes>& tasks() const;  // as record().tasks

 private:
  const RequestRecord& record_;
  mutable std::optional<NamedRequestTimes> request_;
  mutable std::vector<NamedTaskTimes> tasks_;
};

struct SloEvent {
  // kNone: it says nothing about the server. A client's own mistake, a client that left in time, a
  // request that has no such time.
  enum class Kind : uint8_t { kNone, kGood, kBad };
  Kind kind = Kind::kNone;
  // Of a rule of times, and of requests that the engine took: a refusal takes microseconds and
  // would make any percentile look well.
  std::optional<int64_t> time_ns;
};

// Reads one rule's metric.
class SloMetric {
 public:
  explicit SloMetric(const SloRule& rule);

  // The rule's metric is the request's time of that name, or, if only tasks have it or the rule
  // names a task that has it, the task's: the longest of them.
  SloEvent of(const RecordTimes& times) const;
  // The same of facts, which hold what rules are usually about; absent: it needs the whole record.
  std::optional<SloEvent> of(const CompactRecord& request) const;

 private:
  std::optional<int64_t> time_of(const RecordTimes& times) const;
  SloEvent event(std::optional<int64_t> time_ns, Outcome outcome, bool ran_tasks) const;
  bool concerns(const RequestRecord& record) const;

  const SloRule rule_;
  std::optional<size_t> request_index_;  // in kRequestTimeNames
  std::optional<size_t> task_index_;     // in kTaskTimeNames; wins
};

}  // namespace qaio
