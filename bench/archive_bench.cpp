// What the archive takes: to write a record, and to answer questions over many.
//
// QAIO_BENCH_RECORDS sets how many records the archive holds (20,000; the bars are for 1,000,000).
// QAIO_BENCH_KEEP names a file that keeps the archive, for `qaio report` and the like.
// "of_bar" is the time over what is allowed: 2 s for a report over all records, 100 ms for a
// question. The passes sum what they read, and the sums are checked against each other.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "archive/archive_reader.h"
#include "archive/archive_source.h"
#include "archive/archive_writer.h"
#include "base/cores.h"
#include "record/synthetic_record_for_test.h"
#include "report/report.h"
#include "report/report_text.h"
#include "stats/statistics.h"

namespace {

using namespace qaio;

constexpr double kPassBarS = 2;
constexpr double kQuestionBarS = 0.1;
constexpr uint64_t kBatch = 1000;

uint64_t record_count() {
  const char* text = std::getenv("QAIO_BENCH_RECORDS");
  return text == nullptr ? 20'000 : std::strtoull(text, nullptr, 10);
}

// Made once and removed at the end.
class Sample {
 public:
  static const Sample& instance() {
    static const Sample sample;
    return sample;
  }
  ~Sample() {
    if (const char* kept = std::getenv("QAIO_BENCH_KEEP"))
      std::filesystem::copy_file(path(), kept, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::remove_all(folder_);
  }

  std::string path() const { return folder_ + "/archive.db"; }
  double write_us() const { return write_ns_ / 1000 / static_cast<double>(record_count()); }
  double file_bytes() const { return static_cast<double>(std::filesystem::file_size(path())); }

 private:
  Sample() {
    folder_ = (std::filesystem::temp_directory_path() / "qaio-bench-XXXXXX").string();
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    const Clock& clock = SteadyClock::instance();
    Result<ArchiveWriter> writer = ArchiveWriter::open(path());
    int64_t run_id = 0;
    for (uint64_t n = 0; n < record_count(); n += kBatch) {
      if (n % (record_count() / 10 / kBatch * kBatch + kBatch) == 0) run_id = 0;  // a new run
      RunInfo run;
      run.version = "1." + std::to_string(n * 10 / record_count());
      std::vector<RecordPtr> batch;
      for (uint64_t i = n; i < std::min(n + kBatch, record_count()); ++i) {
        batch.push_back(synthetic_record_ptr(i));
      }
      const TimeNs begin_ns = clock.now_ns();
      run_id = writer->write(batch, run, run_id).value();
      write_ns_ += static_cast<double>(clock.now_ns() - begin_ns);
    }
  }

  std::string folder_;
  double write_ns_ = 0;
};

ArchiveReader open() { return ArchiveReader::open(Sample::instance().path()).value(); }

// What the iterations since `begin_ns` took on average, over the bar.
void report_bar(benchmark::State& state, TimeNs begin_ns, double bar_s) {
  const auto took_ns = static_cast<double>(SteadyClock::instance().now_ns() - begin_ns);
  state.counters["of_bar"] = took_ns / 1e9 / static_cast<double>(state.iterations()) / bar_s;
  state.counters["records"] = static_cast<double>(record_count());
}

// The time to make the sample, shown per record.
void write(benchmark::State& state) {
  const Sample& sample = Sample::instance();
  for (auto _ : state) benchmark::DoNotOptimize(sample.path());
  state.counters["us_per_record"] = sample.write_us();
  state.counters["bytes_per_record"] = sample.file_bytes() / static_cast<double>(record_count());
}
BENCHMARK(write)->Iterations(1);

// What a report needs: every stage of every request and task.
void pass_for_a_report(benchmark::State& state) {
  const std::vector<std::string> request_columns = {
      "arrived_unix_ms", "status",       "total_us",      "http_read_us",    "parse_us",
      "tasks_us",        "serialize_us", "http_write_us", "unattributed_us", "model_inference_us",
      "queue_us",        "ttft_us",      "tpot_us"};
  const std::vector<std::string> task_columns = {
      "task",          "total_us",      "prompt_build_us",  "tokenize_us",     "queue_us",
      "prefill_us",    "decode_us",     "score_us",         "output_parse_us", "unattributed_us",
      "prompt_tokens", "cached_tokens", "completion_tokens"};
  int64_t first_sum = 0;
  const TimeNs begin_ns = SteadyClock::instance().now_ns();
  for (auto _ : state) {
    ArchiveReader reader = open();
    uint64_t requests = 0;
    int64_t sum = 0;
    const Result<void> done = reader.scan(
        {}, request_columns,
        [&](const ArchiveRow& row) {
          ++requests;
          for (int i = 0; i < 13; ++i) sum += row.integer(i);
        },
        task_columns,
        [&](const ArchiveRow& row) {
          sum += static_cast<int64_t>(row.text(0).size());
          for (int i = 1; i < 13; ++i) sum += row.integer(i);
        });
    if (!done || requests != record_count()) state.SkipWithError("not every record came");
    if (first_sum == 0) first_sum = sum;
    if (sum != first_sum) state.SkipWithError("two passes differ");
  }
  report_bar(state, begin_ns, kPassBarS);
}
BENCHMARK(pass_for_a_report)->Unit(benchmark::kMillisecond)->UseRealTime();

void ask(benchmark::State& state, const ArchiveFilter& filter) {
  ArchiveReader reader = open();
  size_t found = 0;
  const TimeNs begin_ns = SteadyClock::instance().now_ns();
  for (auto _ : state) {
    const auto records = reader.read(filter);
    if (!records) state.SkipWithError(records.error().message.c_str());
    if (records) found = records->size();
  }
  state.counters["found"] = static_cast<double>(found);
  report_bar(state, begin_ns, kQuestionBarS);
}

// What GET /requests?slow= asks, with thresholds from those that all requests pass to one that none
// does: the slowest of 200 answers.
void the_last_50_over_any_threshold(benchmark::State& state) {
  double p99_s = 0;
  for (auto _ : state) {
    std::vector<double> took_s;
    for (int i = 0; i < 200; ++i) {
      const double threshold_us = std::pow(10, 1.0 + 6.0 * i / 199);  // 10 us to 10 s
      const TimeNs begin_ns = SteadyClock::instance().now_ns();
      const auto records = open().read({.total_min_us = static_cast<int64_t>(threshold_us),
                                        .served_only = true,
                                        .limit = 50,
                                        .order = ArchiveFilter::Order::kNewestFirst});
      if (!records) state.SkipWithError(records.error().message.c_str());
      took_s.push_back(static_cast<double>(SteadyClock::instance().now_ns() - begin_ns) / 1e9);
    }
    std::ranges::sort(took_s);
    p99_s = std::max(p99_s, percentile(took_s, 99));
  }
  state.counters["p99_ms"] = p99_s * 1e3;
  state.counters["of_bar"] = p99_s / kQuestionBarS;
}
BENCHMARK(the_last_50_over_any_threshold)->Unit(benchmark::kMillisecond)->UseRealTime();

// What `qaio report FILE --last 0` does, but for its start.
void whole_report(benchmark::State& state) {
  const int threads = cores_allowed();
  const std::string path = Sample::instance().path();
  const TimeNs begin_ns = SteadyClock::instance().now_ns();
  double load_s = 0;
  for (auto _ : state) {
    const TimeNs load_ns = SteadyClock::instance().now_ns();
    const auto facts = ArchiveSource(path).load_facts({}, threads);
    if (!facts) state.SkipWithError(facts.error().message.c_str());
    load_s += static_cast<double>(SteadyClock::instance().now_ns() - load_ns) / 1e9;
    const Report report = make_report(*facts, {.threads = threads});
    if (report.requests != record_count()) state.SkipWithError("not every record came");
    benchmark::DoNotOptimize(report_text(report));
  }
  state.counters["load_ms"] = load_s * 1e3 / static_cast<double>(state.iterations());
  report_bar(state, begin_ns, kPassBarS);
}
BENCHMARK(whole_report)->Unit(benchmark::kMillisecond)->UseRealTime();

int64_t time_of(double part) {
  return synthetic_record(static_cast<uint64_t>(part * static_cast<double>(record_count())))
      .arrived_unix_ms;
}

using enum ArchiveFilter::Order;
#define QAIO_ASK(name, ...)                               \
  BENCHMARK_CAPTURE(ask, name, ArchiveFilter __VA_ARGS__) \
      ->Unit(benchmark::kMillisecond)                     \
      ->UseRealTime()
QAIO_ASK(the_last_100, {.limit = 100});
QAIO_ASK(the_last_100_of_an_early_version, {.version = "1.2", .limit = 100});
QAIO_ASK(the_slowest_100, {.limit = 100, .order = kSlowestFirst});
QAIO_ASK(the_slowest_100_since_the_last_tenth,
         {.from_unix_ms = time_of(0.9), .limit = 100, .order = kSlowestFirst});
QAIO_ASK(the_slowest_100_of_a_short_span, {.from_unix_ms = time_of(0.3),
                                           .until_unix_ms = time_of(0.301),
                                           .limit = 100,
                                           .order = kSlowestFirst});
QAIO_ASK(the_last_100_over_10_ms, {.total_min_us = 10'000, .limit = 100});
QAIO_ASK(the_last_100_over_2_s, {.total_min_us = 2'000'000, .limit = 100});
QAIO_ASK(one_by_its_id,
         {.request_id = synthetic_record(record_count() / 3).request_id, .limit = 1});
QAIO_ASK(none_by_its_id, {.request_id = "never-seen", .limit = 1});
QAIO_ASK(the_last_100_of_a_task, {.task = "sentiment", .limit = 100});

}  // namespace
