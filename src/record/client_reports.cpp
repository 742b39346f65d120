#include "record/client_reports.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <new>
#include <utility>

#include "record/outcome.h"

namespace qaio {
namespace {

// A client that left knows when it did so, before the server could.
bool too_short(const RequestRecord& record, const ClientTimes& times) {
  return outcome_of(record) != Outcome::kCancelled &&
         times.last_byte_ns + kClientClockCoarsenessNs < last_byte_least_ns(record);
}

// No client can be done later, since it sent the request, than when its report arrived.
int64_t done_most_ns(const RequestRecord& record, TimeNs report_arrived_ns) {
  return report_arrived_ns - record.lane.begin_ns() + kOnTheWayMaxNs;
}

ClientReportEnd judge(const RequestRecord& record, const ClientReport& report) {
  if (too_short(record, report.times)) return ClientReportEnd::kTooShort;
  const bool too_long = report.times.done_ns > done_most_ns(record, report.arrived_ns);
  return too_long ? ClientReportEnd::kTooLong : ClientReportEnd::kTaken;
}

}  // namespace

int64_t last_byte_least_ns(const RequestRecord& record) {
  return record.lane.wall_ns() - record.lane.stage_ns(Stage::kHttpWrite);
}

// Of several requests with the id, the newest that the report can be about.
ClientReports::Found ClientReports::find(const ClientReport& report) const {
  Found found;
  for (const RecordPtr& record : recent_.find(report.request_id)) {
    if (record->client_token_hash != report.token_hash) {
      if (found.end == ClientReportEnd::kUnknown) found.end = ClientReportEnd::kNotTheirs;
    } else if (record->client_times) {
      found.end = ClientReportEnd::kTwice;
    } else {
      return {judge(*record, report), record};
    }
  }
  return found;
}

ClientReports::Found ClientReports::join(const ClientReport& report) {
  try {
    Found found = find(report);
    if (found.end == ClientReportEnd::kTaken) {
      auto amended = std::make_shared<RequestRecord>(*found.record);
      amended->client_times = report.times;
      amend_(std::move(amended));
    }
    return found;
  } catch (const std::bad_alloc&) {
    return {ClientReportEnd::kNoMemory, nullptr};
  }
}

void ClientReports::take(ClientReport report, Then then) {
  const Found found = join(report);
  if (found.end != ClientReportEnd::kUnknown || waiting_.size() >= options_.waiting_max) {
    return then(found.end, found.record);
  }
  const TimeNs wait_ns = std::chrono::nanoseconds(options_.wait).count();
  waiting_.push_back({std::move(report), std::move(then), clock_.now_ns() + wait_ns});
}

void ClientReports::consume(std::span<const RecordPtr> records) {
  if (waiting_.empty()) return;
  const TimeNs now_ns = clock_.now_ns();
  // Another request may have the same id: of a wrong token is said when the time is over.
  const auto waits_on = [&](const Waiting& one) {
    return now_ns < one.until_ns && std::ranges::none_of(records, [&](const RecordPtr& record) {
             return record->request_id == one.report.request_id &&
                    record->client_token_hash == one.report.token_hash && !only_observes(*record);
           });
  };
  const auto due = std::partition(waiting_.begin(), waiting_.end(), waits_on);
  const std::vector<Waiting> ended(std::make_move_iterator(due),
                                   std::make_move_iterator(waiting_.end()));
  waiting_.erase(due, waiting_.end());
  for (const Waiting& one : ended) {
    const Found found = join(one.report);
    one.then(found.end, found.record);
  }
}

}  // namespace qaio
