// What a request's record costs on the observer's thread, and what a scrape and a look at the
// statistics cost after an hour of them.
#include <benchmark/benchmark.h>

#include "base/random.h"
#include "observe/live_stats.h"
#include "observe/prometheus_metrics.h"
#include "observe/record_for_test.h"

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
