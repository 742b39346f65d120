// What instrumenting one stage costs. The bar is 100 ns per span on the steady clock; two clock
// reads are the floor.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "trace/trace.h"

namespace {

using qaio::Lane;
using qaio::Span;
using qaio::Stage;
using qaio::SteadyClock;

constexpr double kBarNs = 100;

void clock_read(benchmark::State& state) {
  const qaio::Clock& clock = SteadyClock::instance();
  for (auto _ : state) benchmark::DoNotOptimize(clock.now_ns());
}
BENCHMARK(clock_read);

// Reported per span: a lane is filled with all the intervals it can hold.
void span(benchmark::State& state) {
  const qaio::Clock& clock = SteadyClock::instance();
  double best_ns = 1e9;
  for (auto _ : state) {
    Lane lane;
    const qaio::TimeNs begin_ns = clock.now_ns();
    lane.start(begin_ns);
    for (size_t i = 0; i < Lane::kIntervalsMax; ++i) {
      const Span stamped(lane, Stage::kDecode, clock);
    }
    benchmark::DoNotOptimize(lane);
    best_ns = std::min(best_ns, static_cast<double>(clock.now_ns() - begin_ns));
  }
  best_ns /= Lane::kIntervalsMax;
  state.counters["ns_per_span"] =
      benchmark::Counter(static_cast<double>(state.iterations() * Lane::kIntervalsMax),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["best_of_bar"] = best_ns / kBarNs;
}
BENCHMARK(span);

// Once per token of every sequence.
void gap(benchmark::State& state) {
  qaio::GapCounts counts{};
  int64_t gap_ns = 1;
  for (auto _ : state) {
    gap_ns = (gap_ns * 5) & 0xfffffff;  // below 0.27 s, in no order
    qaio::count_gap(gap_ns, counts);
    benchmark::DoNotOptimize(counts);
  }
}
BENCHMARK(gap);

}  // namespace
