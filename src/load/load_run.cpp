#include "load/load_run.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <ctime>
#include <limits>
#include <memory>
#include <vector>

#include "load/arrivals.h"
#include "load/load_connection.h"

namespace qaio {
namespace {

namespace net = boost::asio;

constexpr auto kAwait = net::as_tuple(net::use_awaitable);

constexpr std::chrono::milliseconds kProgressInterval{100};
// A client of a closed loop whose request failed waits so long: a server that refuses at once is to
// be measured, not flooded.
constexpr std::chrono::milliseconds kFailurePause{100};
constexpr TimeNs kNever = std::numeric_limits<TimeNs>::max();

std::chrono::steady_clock::time_point time_point(TimeNs ns) {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(ns));
}

// Of this process since its start.
double cpu_seconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

class LoadRunner {
 public:
  LoadRunner(const LoadRunOptions& options, const Target& target, const Transport& transport,
             const Workload& workload, const std::function<void(const LoadProgress&)>& on_progress)
      : options_(options),
        target_(target),
        transport_(transport),
        workload_(workload),
        on_progress_(on_progress),
        signals_(io_, SIGINT, SIGTERM),
        wake_(io_),
        tick_(io_) {
    report_.summary = LoadSummary(options.slo);
  }

  LoadReport run() {
    signals_.async_wait([this](const boost::system::error_code& ec, int) {
      if (!ec) interrupt();
    });
    net::co_spawn(io_, main(), rethrow);
    net::co_spawn(io_, show_progress(), rethrow);
    io_.run();
    report_.warmup_succeeded = warmup_.succeeded();
    report_.warmup_failed = warmup_.failed();
    report_.summary.add_connections(warmup_);  // most are opened by then
    return std::move(report_);
  }

 private:
  // Requests `first`, `first` + 1, ... into `summary`.
  struct Phase {
    LoadSummary& summary;
    uint64_t first = 0;
    uint64_t count = 0;
    TimeNs end_ns = kNever;        // no request begins later
    Arrivals* arrivals = nullptr;  // closed loop
  };

  static void rethrow(const std::exception_ptr& failed) {
    if (failed) std::rethrow_exception(failed);  // out of memory
  }

  static TimeNs now_ns() { return SteadyClock::instance().now_ns(); }

  net::awaitable<void> main() {
    if (options_.warmup > 0) {
      Phase phase{.summary = warmup_, .first = Workload::kWarmup, .count = options_.warmup};
      co_await dispatch(phase);
    }
    Arrivals arrivals(options_.rate.value_or(1), options_.seed, SteadyClock::instance());
    start_ns_ = now_ns();
    report_.start_ns = start_ns_;
    report_.started_unix_ms = SteadyClock::instance().wall_unix_ms();
    const double cpu_before = cpu_seconds();
    Phase phase{.summary = report_.summary,
                .first = 0,
                .count = options_.count.value_or(Workload::kWarmup),
                .end_ns = options_.duration ? start_ns_ + options_.duration->count() : kNever,
                .arrivals = options_.rate ? &arrivals : nullptr};
    co_await dispatch(phase);
    report_.seconds = static_cast<double>(std::max(now_ns(), start_ns_ + 1) - start_ns_) / 1e9;
    report_.client_cpu = (cpu_seconds() - cpu_before) / report_.seconds;
    finished_ = true;
    signals_.cancel();
    tick_.cancel();
  }

  net::awaitable<void> dispatch(Phase& phase) {
    uint64_t sent = 0;
    TimeNs due_ns = 0;
    for (; sent < phase.count && !report_.interrupted; ++sent) {
      if (phase.arrivals != nullptr) due_ns = phase.arrivals->next_ns();
      if (due_ns >= phase.end_ns) break;
      while (now_ns() < due_ns && !report_.interrupted) co_await sleep_until(due_ns);
      while (in_flight_ == options_.concurrency && now_ns() < phase.end_ns && !report_.interrupted)
        co_await sleep_until(phase.end_ns);
      // What was due in time and has a place is sent, even if this thread woke up too late for it.
      const bool too_late = phase.arrivals == nullptr && now_ns() >= phase.end_ns;
      if (too_late || in_flight_ == options_.concurrency || report_.interrupted) break;
      start(phase, phase.first + sent, phase.arrivals == nullptr ? now_ns() : due_ns);
    }
    if (phase.arrivals != nullptr && phase.end_ns != kNever && sent < phase.count) {
      co_await finish_schedule(phase, sent, due_ns);
    }
    while (in_flight_ > 0) co_await sleep_until(kNever);
  }

  // The duration is over, or nothing more is due in it: counts what was due and could not be sent.
  net::awaitable<void> finish_schedule(Phase& phase, uint64_t sent, TimeNs due_ns) {
    while (now_ns() < phase.end_ns && !report_.interrupted) co_await sleep_until(phase.end_ns);
    if (report_.interrupted) co_return;
    for (; sent < phase.count && due_ns < phase.end_ns; ++sent) {
      ++report_.never_sent;
      due_ns = phase.arrivals->next_ns();
    }
  }

  void start(Phase& phase, uint64_t index, TimeNs intended_ns) {
    if (idle_.empty()) {
      connections_.push_back(
          std::make_unique<LoadConnection>(io_, target_, transport_, options_.timeout));
      idle_.push_back(connections_.back().get());
    }
    // The connection used last: those that a burst needed may close in peace.
    LoadConnection& connection = *idle_.back();
    idle_.pop_back();
    ++in_flight_;
    report_.in_flight_max = std::max(report_.in_flight_max, in_flight_);
    net::co_spawn(io_, one(phase, connection, index, intended_ns), rethrow);
  }

  net::awaitable<void> one(Phase& phase, LoadConnection& connection, uint64_t index,
                           TimeNs intended_ns) {
    const RequestSample sample =
        co_await connection.exchange(workload_.request(index), intended_ns, &phase.summary.gaps());
    phase.summary.add(sample);
    if (sample.failure && phase.arrivals == nullptr && !report_.interrupted) {
      net::steady_timer pause(io_, kFailurePause);
      co_await pause.async_wait(kAwait);
    }
    idle_.push_back(&connection);
    --in_flight_;
    wake_.cancel();
  }

  // Until then, or until something has changed. Only the dispatching coroutine sleeps.
  net::awaitable<void> sleep_until(TimeNs time_ns) {
    wake_.expires_at(time_point(time_ns));
    co_await wake_.async_wait(kAwait);
  }

  net::awaitable<void> show_progress() {
    while (!finished_) {
      on_progress_(progress());
      tick_.expires_after(kProgressInterval);
      co_await tick_.async_wait(kAwait);
    }
  }

  LoadProgress progress() const {
    const bool warming_up = start_ns_ == 0;
    const LoadSummary& summary = warming_up ? warmup_ : report_.summary;
    LoadProgress progress{.fraction = 0,
                          .warming_up = warming_up,
                          .succeeded = summary.succeeded(),
                          .failed = summary.failed(),
                          .in_flight = in_flight_,
                          .output_tok_s = 0,
                          .questions_s = 0};
    const auto answered = static_cast<double>(summary.succeeded() + summary.failed());
    const double seconds = static_cast<double>(now_ns() - start_ns_) / 1e9;
    if (warming_up) {
      progress.fraction = answered / static_cast<double>(options_.warmup);
      return progress;
    }
    if (options_.count) progress.fraction = answered / static_cast<double>(*options_.count);
    if (options_.duration) {
      const double whole = std::chrono::duration<double>(*options_.duration).count();
      progress.fraction = std::max(progress.fraction, std::min(seconds / whole, 1.0));
    }
    if (seconds > 0) {
      progress.output_tok_s = static_cast<double>(summary.tokens().output) / seconds;
      progress.questions_s = static_cast<double>(summary.answers()) / seconds;
    }
    return progress;
  }

  void interrupt() {
    report_.interrupted = true;
    signals_.clear();
    for (const auto& connection : connections_) connection->abandon();
    wake_.cancel();
  }

  const LoadRunOptions& options_;
  const Target& target_;
  const Transport& transport_;
  const Workload& workload_;
  const std::function<void(const LoadProgress&)>& on_progress_;

  net::io_context io_{1};
  net::signal_set signals_;
  net::steady_timer wake_;
  net::steady_timer tick_;
  std::vector<std::unique_ptr<LoadConnection>> connections_;
  std::vector<LoadConnection*> idle_;
  int in_flight_ = 0;
  TimeNs start_ns_ = 0;  // of the measured requests; 0: still warming up
  bool finished_ = false;
  LoadSummary warmup_;
  LoadReport report_;
};

}  // namespace

LoadReport run_load(const LoadRunOptions& options, const Target& target, const Transport& transport,
                    const Workload& workload,
                    const std::function<void(const LoadProgress&)>& on_progress) {
  return LoadRunner(options, target, transport, workload, on_progress).run();
}

}  // namespace qaio
