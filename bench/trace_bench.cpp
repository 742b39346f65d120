// What instrumenting one stage costs. The bar is 100 ns per stage on the steady clock; two clock
// reads are the floor.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "trace/step_log.h"
#include "trace/trace.h"
#include "trace/trace_context.h"

namespace {

using qaio::Stage;
using qaio::StageLane;
using qaio::SteadyClock;

constexpr double kBarNs = 100;

void clock_read(benchmark::State& state) {
  const qaio::Clock& clock = SteadyClock::instance();
  for (auto _ : state) benchmark::DoNotOptimize(clock.now_ns());
}
BENCHMARK(clock_read);

// Reported per stage: a lane is filled with all the intervals it can hold.
void stamp(benchmark::State& state) {
  const qaio::Clock& clock = SteadyClock::instance();
  double best_ns = 1e9;
  for (auto _ : state) {
    StageLane lane;
    const qaio::TimeNs begin_ns = clock.now_ns();
    lane.start(begin_ns);
    for (size_t i = 0; i < StageLane::kIntervalsMax; ++i) {
      const qaio::TimeNs stage_begin_ns = clock.now_ns();
      lane.add(Stage::kDecode, stage_begin_ns, clock.now_ns());
    }
    benchmark::DoNotOptimize(lane);
    best_ns = std::min(best_ns, static_cast<double>(clock.now_ns() - begin_ns));
  }
  best_ns /= StageLane::kIntervalsMax;
  state.counters["ns_per_stamp"] =
      benchmark::Counter(static_cast<double>(state.iterations() * StageLane::kIntervalsMax),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["best_of_bar"] = best_ns / kBarNs;
}
BENCHMARK(stamp);

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

// Once per step of the engine, beside two reads of the clock.
void step_log(benchmark::State& state) {
  qaio::StepLog log(4096);
  qaio::EngineStep step;
  for (auto _ : state) {
    step.end_ns = ++step.begin_ns;
    log.add(step);
  }
}
BENCHMARK(step_log);

// Once per request, with a caller's trace.
void trace_context(benchmark::State& state) {
  for (auto _ : state) {
    const auto parent =
        qaio::parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    benchmark::DoNotOptimize(qaio::traceparent_text(qaio::begin_span(parent, {}, true)));
  }
}
BENCHMARK(trace_context);

}  // namespace
