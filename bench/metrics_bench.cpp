// What a request's record costs on the hot path and on the observer's thread, and what a scrape and
// a look at the statistics cost after an hour of them.
#include <benchmark/benchmark.h>

#include <chrono>
#include <vector>

#include "base/random.h"
#include "record/observer.h"
#include "record/record_for_test.h"
#include "telemetry/live_series.h"
#include "telemetry/live_stats.h"
#include "telemetry/prometheus_metrics.h"

namespace {

using qaio::FakeClock;
using qaio::RecordPtr;

constexpr int kRecords = 1000;

// A sentiment and a reply each, times spread by a factor of ten.
std::vector<RecordPtr> records() {
  qaio::Random random(1);
  std::vector<RecordPtr> all;
  for (int i = 0; i < kRecords; ++i) {
    const auto time_ns = [&] { return static_cast<int64_t>((1 + 9 * random.uniform()) * 1e7); };
    auto record = qaio::chat_record(time_ns());
    record->tasks.push_back(qaio::generate_task("sentiment", qaio::kMs, time_ns(), 2, qaio::kMs));
    record->tasks.push_back(qaio::generate_task("chat", qaio::kMs, time_ns(), 64, time_ns()));
    all.push_back(std::move(record));
  }
  return all;
}

// As if they had come at 10 per second.
void fill(qaio::LiveStats& stats, FakeClock& clock, int times) {
  const std::vector<RecordPtr> all = records();
  for (int i = 0; i < times; ++i) {
    for (const RecordPtr& record : all) {
      stats.consume({&record, 1});
      clock.advance_ns(qaio::kSecondNs / 10);
    }
  }
}

// What is left of the record's cost on the thread that served the request: its copy stands for
// filling it in. The bar is 20 us.
void hand_over(benchmark::State& state) {
  constexpr size_t kBatch = 1000;  // fits into the queue
  constexpr double kBarNs = 20'000;
  const std::vector<RecordPtr> all = records();
  qaio::Observer observer({.queue_max = 2 * kBatch, .interval = std::chrono::hours(1)}, {});
  double ns = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    for (size_t i = 0; i < kBatch; ++i) observer.push(qaio::RequestRecord(*all[i]));
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(time.count() / 1e9);
    ns += time.count();
    observer.flush();
  }
  if (observer.dropped() > 0) state.SkipWithError("records were dropped");
  ns /= static_cast<double>(state.iterations()) * kBatch;
  state.counters["ns_per_record"] = ns;
  state.counters["of_bar"] = ns / kBarNs;
}
BENCHMARK(hand_over)->UseManualTime();

template <typename Consumer>
void consume(benchmark::State& state, Consumer& consumer) {
  const std::vector<RecordPtr> all = records();
  size_t next = 0;
  for (auto _ : state) consumer.consume({&all[next++ % all.size()], 1});
}

void live_stats_record(benchmark::State& state) {
  FakeClock clock;
  qaio::LiveStats stats(clock);
  fill(stats, clock, 36);
  consume(state, stats);
}
BENCHMARK(live_stats_record);

void live_series_record(benchmark::State& state) {
  FakeClock clock;
  qaio::LiveSeries series(clock);
  consume(state, series);
}
BENCHMARK(live_series_record);

// A second's end, after so many requests.
void live_series_second(benchmark::State& state) {
  const std::vector<RecordPtr> all = records();
  FakeClock clock;
  qaio::LiveSeries series(clock);
  for (auto _ : state) {
    state.PauseTiming();
    series.consume({all.data(), static_cast<size_t>(state.range(0))});
    clock.advance_ns(qaio::kSecondNs);
    state.ResumeTiming();
    series.consume({});
  }
  state.counters["memory_bytes"] = static_cast<double>(series.memory_bytes());
}
BENCHMARK(live_series_second)->Arg(0)->Arg(100)->Unit(benchmark::kMicrosecond);

void prometheus_record(benchmark::State& state) {
  qaio::PrometheusMetrics metrics;
  consume(state, metrics);
}
BENCHMARK(prometheus_record);

void live_stats_snapshot(benchmark::State& state) {
  FakeClock clock;
  qaio::LiveStats stats(clock);
  fill(stats, clock, 36);
  for (auto _ : state) benchmark::DoNotOptimize(stats.snapshot());
  state.counters["memory_bytes"] = static_cast<double>(stats.memory_bytes());
}
BENCHMARK(live_stats_snapshot)->Unit(benchmark::kMicrosecond);

void prometheus_text(benchmark::State& state) {
  qaio::PrometheusMetrics metrics;
  metrics.consume(records());
  qaio::ServerState server;
  server.engine.emplace();
  for (auto _ : state) benchmark::DoNotOptimize(metrics.text(server));
}
BENCHMARK(prometheus_text)->Unit(benchmark::kMicrosecond);

}  // namespace
