#include "archive/archive_source.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "archive/archive_facts.h"
#include "archive/archive_reader.h"

namespace qaio {
namespace {

ArchiveFilter filter_of(const RecordSelection& selection) {
  ArchiveFilter filter;
  filter.from_unix_ms = selection.since_unix_ms;
  filter.until_unix_ms = selection.until_unix_ms;
  filter.version = selection.version;
  filter.model = selection.model;
  filter.task = selection.task;
  filter.path = selection.path;
  filter.served_only = true;
  filter.limit = selection.last;
  filter.order = ArchiveFilter::Order::kNewestFirst;
  return filter;
}

}  // namespace

Result<RecordSet> ArchiveSource::load(const RecordSelection& selection) {
  QAIO_ASSIGN(ArchiveReader reader, ArchiveReader::open(path_));
  if (stop_) reader.stop_when(stop_);
  const ArchiveFilter filter = filter_of(selection);
  QAIO_ASSIGN(std::vector<ArchivedRecord> records, reader.read(filter));
  std::ranges::reverse(records);

  QAIO_ASSIGN(const std::vector<int64_t> whole, reader.runs_from_start(filter));
  RecordSelector selector(selection);
  std::unordered_map<int64_t, uint32_t> numbers;  // of the runs
  for (ArchivedRecord& one : records) {
    const auto [it, added] = numbers.try_emplace(one.run->id);
    if (added) {
      const bool from_start = std::ranges::find(whole, one.run->id) != whole.end();
      it->second = selector.add_run(one.run->info, from_start);
    }
    selector.add(std::move(one.record), it->second);
  }
  return selector.take();
}

Result<CompactRecords> ArchiveSource::load_facts(const RecordSelection& selection,
                                                 int threads) const {
  return load_archive_facts(path_, filter_of(selection), threads, stop_);
}

}  // namespace qaio
