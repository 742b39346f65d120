#include "archive/archive_facts.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "archive/archive_schema.h"
#include "base/mutex.h"
#include "base/run_in_parallel.h"
#include "record/lane_codec.h"
#include "record/record_bounds.h"

namespace qaio {
namespace {

// Rows that a thread takes at once: some ten milliseconds of work, so that all end together.
constexpr int64_t kChunkRows = 16'384;
// However far apart the numbers of a damaged archive's rows are. So many chunks are a billion rows.
constexpr int64_t kChunksMax = 65'536;

// Columns, and their places.
const std::vector<std::string> kRequestColumns = {"run",
                                                  "arrived_unix_ms",
                                                  "status",
                                                  "model_inference_us",
                                                  "ttft_us",
                                                  "ttft_since_scheduled_us",
                                                  "tpot_us",
                                                  "input_chars",
                                                  "cpu_ns",
                                                  "minor_faults",
                                                  "major_faults",
                                                  "resident_bytes",
                                                  "error_code",
                                                  "method",
                                                  "path",
                                                  "begin_ns",
                                                  "lane",
                                                  "client_network_us",
                                                  "client_rendering_us"};
enum RequestPlace : int {
  kRun,
  kArrived,
  kStatus,
  kModelInference,
  kTtft,
  kTtftSinceScheduled,
  kTpot,
  kInputChars,
  kCpu,
  kMinorFaults,
  kMajorFaults,
  kResident,
  kError,
  kMethod,
  kPath,
  kBegin,
  kRequestLane,
  kClientNetwork,
  kClientRendering
};
enum TaskPlace : int { kTask, kSubmitted, kTaskLane, kFirstCounter };  // of kFactCounters
std::vector<std::string> task_column_names() {
  std::vector<std::string> names = {"task", "submitted_ns", "lane"};
  for (const FactCounter& fact : kFactCounters) names.emplace_back(fact.counter.name);
  return names;
}

// Numbers of names, the same for all threads; each keeps those it has met.
class SharedNames {
 public:
  uint32_t number(std::string_view name) {
    const MutexLock lock(mutex_);
    return names_.number(name);
  }
  std::vector<std::string> all() const {
    const MutexLock lock(mutex_);
    return names_.all();
  }

 private:
  mutable Mutex mutex_;
  Names names_ QAIO_GUARDED_BY(mutex_);
};
class NameCache {
 public:
  explicit NameCache(SharedNames& shared) : shared_(shared) {}
  uint32_t number(std::string_view name) {
    const auto found = known_.find(name);
    if (found != known_.end()) return found->second;
    return known_.emplace(name, shared_.number(name)).first->second;
  }

 private:
  SharedNames& shared_;
  std::map<std::string, uint32_t, std::less<>> known_;
};

// 104 days in ns, as a lane's times: no sum of some of them can overflow.
constexpr int64_t kNumberMax = int64_t{1} << 53;

int64_t number_of(const ArchiveRow& row, int column, int64_t max = kNumberMax) {
  return number_or_zero(row.integer(column), max);
}

int64_t time_of(const ArchiveRow& row, int column) {
  return row.is_null(column) ? CompactRecord::kNone : number_of(row, column);
}

// What the threads share.
struct Plan {
  std::string path;
  ArchiveFilter filter;  // its ids: all of them
  std::function<bool()> stop;
  std::unordered_map<int64_t, uint32_t> runs;  // places of the archive's runs in the set
  SharedNames tasks;
  SharedNames errors;
  struct Chunk {
    std::shared_ptr<CompactBlocks> blocks;
    std::vector<CompactRecord*> requests;
    std::vector<int64_t> damaged;  // keys of those that cannot be used; may repeat
  };
  int64_t chunk_rows = kChunkRows;
  std::vector<Chunk> chunks;
  std::atomic<size_t> next_chunk = 0;
};

// One thread's part.
class Loader {
 public:
  explicit Loader(Plan& plan) : plan_(plan), tasks_(plan.tasks), errors_(plan.errors) {}

  Result<void> run() {
    QAIO_ASSIGN(ArchiveReader reader, ArchiveReader::open(plan_.path));
    if (plan_.stop) reader.stop_when(plan_.stop);
    for (size_t i = plan_.next_chunk++; i < plan_.chunks.size(); i = plan_.next_chunk++) {
      const auto blocks = std::make_shared<CompactBlocks>();
      ArchiveFilter filter = plan_.filter;
      filter.ids.first += static_cast<int64_t>(i) * plan_.chunk_rows;
      filter.ids.last = std::min(filter.ids.last, filter.ids.first + plan_.chunk_rows - 1);
      QAIO_RETURN_IF_ERROR(reader.scan(
          filter, kRequestColumns, [&](const ArchiveRow& row) { blocks->add(request_of(row)); },
          task_columns_, [&](const ArchiveRow& row) { blocks->add_task(task_of(row)); }));
      blocks->list(plan_.chunks[i].requests);
      plan_.chunks[i].damaged = std::exchange(damaged_, {});
      plan_.chunks[i].blocks = blocks;
    }
    return {};
  }

 private:
  CompactRecord request_of(const ArchiveRow& row) {
    LaneReader lane(row.bytes(kRequestLane));
    CompactRecord request;
    request.lane = RequestLane(lane.wall_ns());
    while (const auto interval = lane.next())
      request.lane.add(interval->stage, interval->end_ns - interval->begin_ns);
    if (!lane.ok()) damaged_.push_back(row.request());
    const TimeNs begin_ns = row.integer(kBegin);
    if (begin_ns != number_or_zero(begin_ns)) damaged_.push_back(row.request());
    const auto run = plan_.runs.find(row.integer(kRun));
    request.run = run == plan_.runs.end() ? static_cast<uint32_t>(plan_.runs.size()) : run->second;
    request.key = row.request();
    request.arrived_unix_ms = number_of(row, kArrived, kRecordUnixMsMax);
    request.begin_ns = begin_ns;
    request.error = errors_.number(row.text(kError));
    request.status = static_cast<int>(number_of(row, kStatus, kRecordStatusMax));
    request.only_observes = only_observes(row.text(kMethod), row.text(kPath));
    request.model_inference_us = number_of(row, kModelInference);
    request.ttft_us = time_of(row, kTtft);
    request.ttft_since_scheduled_us = time_of(row, kTtftSinceScheduled);
    request.tpot_us = time_of(row, kTpot);
    request.client_network_us = time_of(row, kClientNetwork);
    request.client_rendering_us = time_of(row, kClientRendering);
    request.input_chars = small_count(row.integer(kInputChars));
    request.cpu_ns = number_of(row, kCpu);
    request.minor_faults = small_count(row.integer(kMinorFaults));
    request.major_faults = small_count(row.integer(kMajorFaults));
    request.resident_bytes = number_of(row, kResident);
    return request;
  }

  CompactTask task_of(const ArchiveRow& row) {
    LaneReader lane(row.bytes(kTaskLane));
    CompactTask task;
    task.lane = TaskLane(lane.wall_ns());
    while (const auto interval = lane.next())
      task.add(interval->stage, interval->begin_ns, interval->end_ns);
    if (!lane.ok()) damaged_.push_back(row.request());
    task.end_ns = lane.begin_ns() + lane.wall_ns();
    task.name = tasks_.number(row.text(kTask));
    int place = kFirstCounter;
    for (const FactCounter& fact : kFactCounters)
      fact.set(task, number_of(row, place++, std::min(kNumberMax, fact.counter.max)));
    task.submitted = !row.is_null(kSubmitted);
    return task;
  }

  Plan& plan_;
  NameCache tasks_;
  NameCache errors_;
  const std::vector<std::string> task_columns_ = task_column_names();
  std::vector<int64_t> damaged_;  // of the chunk
};

// The runs, and one more for a record whose run has just been removed.
Result<void> add_runs(ArchiveReader& reader, Plan& plan, CompactRecords& set) {
  QAIO_ASSIGN(const std::vector<ArchivedRun> runs, reader.runs());
  QAIO_ASSIGN(const std::vector<int64_t> whole, reader.runs_from_start(plan.filter));
  for (const ArchivedRun& run : runs) {
    plan.runs.emplace(run.id, static_cast<uint32_t>(set.runs.size()));
    const bool from_start = std::ranges::find(whole, run.id) != whole.end();
    set.runs.push_back({.info = run.info, .from_start = from_start});
  }
  set.runs.emplace_back();
  return {};
}

Result<void> read_chunks(Plan& plan, int threads) {
  std::vector<Result<void>> results(static_cast<size_t>(std::max(threads, 1)));
  std::vector<std::function<void()>> jobs;
  jobs.reserve(results.size());
  for (Result<void>& result : results) jobs.emplace_back([&] { result = Loader(plan).run(); });
  run_in_parallel(jobs, threads);
  for (const Result<void>& result : results) QAIO_RETURN_IF_ERROR(result);
  return {};
}

// A request counts wholly or not at all.
void take_chunk(const Plan::Chunk& chunk, CompactRecords& set) {
  const std::set<int64_t> damaged(chunk.damaged.begin(), chunk.damaged.end());
  std::ranges::copy_if(
      chunk.requests, std::back_inserter(set.requests),
      [&](const CompactRecord* request) { return !damaged.contains(request->key); });
  set.damaged += damaged.size();
  set.storage.push_back(chunk.blocks);
}

}  // namespace

Result<CompactRecords> load_archive_facts(const std::string& path, const ArchiveFilter& filter,
                                          int threads, const std::function<bool()>& stop) {
  QAIO_ASSIGN(ArchiveReader opened, ArchiveReader::open(path));
  const auto reader = std::make_shared<ArchiveReader>(std::move(opened));
  if (stop) reader->stop_when(stop);
  Plan plan;
  plan.path = path;
  plan.filter = filter;
  plan.stop = stop;
  plan.errors.number("");
  QAIO_ASSIGN(plan.filter.ids, reader->range(filter));
  plan.filter.limit = 0;  // the range holds no others
  CompactRecords set;
  QAIO_RETURN_IF_ERROR(add_runs(*reader, plan, set));
  IdRange& ids = plan.filter.ids;
  ids = {std::clamp<int64_t>(ids.first, 0, kRequestIdMax + 1),
         std::clamp<int64_t>(ids.last, -1, kRequestIdMax)};
  const int64_t rows = std::max<int64_t>(ids.last - ids.first + 1, 0);
  plan.chunk_rows = std::max(kChunkRows, rows / kChunksMax + 1);
  plan.chunks.resize(static_cast<size_t>((rows + plan.chunk_rows - 1) / plan.chunk_rows));
  QAIO_RETURN_IF_ERROR(read_chunks(plan, threads));

  for (const Plan::Chunk& chunk : plan.chunks) take_chunk(chunk, set);
  sort_by_arrival(set.requests);
  set.tasks = plan.tasks.all();
  set.errors = plan.errors.all();
  set.record = [reader, lock = std::make_shared<Mutex>()](int64_t key) {
    const MutexLock guard(*lock);
    return reader->find(key).value_or(nullptr);
  };
  return set;
}

}  // namespace qaio
