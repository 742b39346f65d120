#include "record/record_set.h"

#include <algorithm>
#include <utility>

namespace qaio {
namespace {

// Within a millisecond by the steady clock.
std::pair<int64_t, TimeNs> arrival(const RecordSet::Item& item) {
  return {item.record->arrived_unix_ms, item.record->lane.begin_ns()};
}

bool of_run(const RecordSelection& wanted, const RunInfo& run) {
  return (wanted.version.empty() || run.version == wanted.version) &&
         (wanted.model.empty() || run.model == wanted.model);
}

bool matches(const RecordSelection& wanted, const RequestRecord& record) {
  return (!wanted.since_unix_ms || record.arrived_unix_ms >= *wanted.since_unix_ms) &&
         (wanted.path.empty() || record.path == wanted.path) &&
         (wanted.task.empty() ||
          std::ranges::find(record.tasks, wanted.task, &TaskRecord::task) != record.tasks.end());
}

bool same(const RunInfo& a, const RunInfo& b) {
  return a.started_unix_ms == b.started_unix_ms && a.version == b.version && a.model == b.model &&
         a.model_hash == b.model_hash && a.isa == b.isa && a.threads == b.threads;
}

}  // namespace

uint32_t RecordSelector::add_run(RunInfo info, bool from_start) {
  for (size_t i = 0; i < set_.runs.size(); ++i) {
    if (!same(set_.runs[i].info, info)) continue;
    set_.runs[i].from_start &= from_start;
    return static_cast<uint32_t>(i);
  }
  set_.runs.push_back({std::move(info), from_start});
  return static_cast<uint32_t>(set_.runs.size() - 1);
}

void RecordSelector::add(RecordPtr record, uint32_t run) {
  if (only_observes(*record)) return;
  RecordSet::Run& its_run = set_.runs[run];
  if (!of_run(selection_, its_run.info)) return;
  if (selection_.until_unix_ms && record->arrived_unix_ms >= *selection_.until_unix_ms) return;
  if (!matches(selection_, *record)) {
    its_run.from_start = false;
    return;
  }
  set_.items.push_back({std::move(record), run});
  if (selection_.last > 0 && set_.items.size() >= 2 * selection_.last) keep_latest();
}

void RecordSelector::keep_latest() {
  if (selection_.last == 0 || set_.items.size() <= selection_.last) return;
  std::ranges::stable_sort(set_.items, {}, arrival);
  const auto cut = set_.items.end() - static_cast<ptrdiff_t>(selection_.last);
  for (auto it = set_.items.begin(); it != cut; ++it) set_.runs[it->run].from_start = false;
  set_.items.erase(set_.items.begin(), cut);
}

RecordSet RecordSelector::take() {
  keep_latest();
  std::ranges::stable_sort(set_.items, {}, arrival);
  return std::move(set_);
}

}  // namespace qaio
