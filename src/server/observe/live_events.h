// Those who watch the server live: each second's point and the state of the SLA rules, told to all
// of them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "record/observer.h"
#include "server/http/call.h"
#include "slo/slo_monitor.h"
#include "telemetry/live_series.h"

namespace qaio {

// Stands behind the series and the monitor among the observer's consumers. What is told is written
// once for all, on the observer's thread, and only while somebody listens.
class LiveEvents final : public RecordConsumer {
 public:
  static constexpr size_t kListenersMax = 64;

  // All of them outlive it. `state`: of this moment; any thread.
  LiveEvents(const LiveSeries& series, const SloMonitor& slo, const Clock& clock,
             std::function<ServerState()> state)
      : series_(series), slo_(slo), clock_(clock), state_(std::move(state)) {}

  void consume(std::span<const RecordPtr> records) override;

  // Answers the call with a stream that ends when the client leaves or the server stops. False, and
  // nothing was done: there are too many. On the call's executor.
  bool listen(const std::shared_ptr<Call>& call);

 private:
  std::string hello(const ServerState& state) const;
  size_t listener_count();  // without those that have left
  std::string news(const LivePoint& point);

  const LiveSeries& series_;
  const SloMonitor& slo_;
  const Clock& clock_;
  const std::function<ServerState()> state_;

  // Of consume().
  TimeNs told_ns_ = 0;      // the end of the last point
  int64_t slo_points_ = 0;  // since the rules' state was told
  std::vector<std::pair<SloState, int64_t>> slo_states_;

  std::atomic<bool> unready_told_ = false;  // somebody knows of no model yet
  Mutex mutex_;
  std::vector<std::weak_ptr<Call>> listeners_ QAIO_GUARDED_BY(mutex_);  // some have left
};

}  // namespace qaio
