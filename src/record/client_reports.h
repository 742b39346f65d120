// Brings what clients say of their requests into the records of these.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "record/recent_records.h"

namespace qaio {

struct ClientReport {
  std::string request_id;
  uint64_t token_hash = 0;  // as the request's record has it; not 0
  ClientTimes times;
  TimeNs arrived_ns = 0;  // when the report came, on the steady clock
};

enum class ClientReportEnd : uint8_t {
  kTaken,
  kUnknown,    // no such record among the recent ones
  kNotTheirs,  // the request came with another token, or without one
  kTwice,      // it was reported before
  kTooShort,   // the server alone needed longer
  kTooLong,    // the request is not so old
  kNoMemory,   // not now
};

// A browser's times are as coarse as it makes its clock.
inline constexpr int64_t kClientClockCoarsenessNs = 100'000'000;

// No client can have had the last byte earlier, since it sent the request. The end of `http_write`
// may come after it has: a thread that lost its CPU stamps it late.
int64_t last_byte_least_ns(const RequestRecord& record);

// How long a request may have been on its way before its first byte: setting up a connection over a
// bad network takes seconds, of which nobody here knows.
inline constexpr int64_t kOnTheWayMaxNs = 10'000'000'000;

// A report may come before the record, which follows the last byte of the answer: it waits for it
// for a while. Stands behind the recent records among the observer's consumers; all of it happens
// on the observer's thread.
class ClientReports final : public RecordConsumer {
 public:
  struct Options {
    std::chrono::milliseconds wait{3000};  // a request cancelled in a long step ends after it
    size_t waiting_max = 256;              // what finds no place is told at once
  };
  // `amend` is given the record with its client's times; Observer::amend(). All outlive it.
  ClientReports(Options options, const RecentRecords& recent,
                std::function<void(const RecordPtr&)> amend, const Clock& clock)
      : options_(options), recent_(recent), amend_(std::move(amend)), clock_(clock) {}

  // `then` must be quick and not throw. The record is the one that the report is about, if there is
  // one.
  using Then = std::function<void(ClientReportEnd end, const RecordPtr& record)>;
  void take(ClientReport report, Then then);

  void consume(std::span<const RecordPtr> records) override;
  // The end: what waits is let go of, unanswered. After the observer's stop.
  void stop() { waiting_.clear(); }

 private:
  struct Waiting {
    ClientReport report;
    Then then;
    TimeNs until_ns = 0;
  };
  struct Found {
    ClientReportEnd end = ClientReportEnd::kUnknown;
    RecordPtr record;
  };
  Found find(const ClientReport& report) const;
  Found join(const ClientReport& report);  // find(), and amends what it found

  const Options options_;
  const RecentRecords& recent_;
  const std::function<void(const RecordPtr&)> amend_;
  const Clock& clock_;
  std::vector<Waiting> waiting_;
};

}  // namespace qaio
