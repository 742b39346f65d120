// An archive as the source of a report or a comparison.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "record/compact_record.h"
#include "record/record_set.h"

namespace qaio {

// Requests that only look (probes, scrapes) are left out. Errors are those of ArchiveReader.
class ArchiveSource final : public RecordSource {
 public:
  // `stop` as ArchiveReader::stop_when() has it; called from several threads.
  explicit ArchiveSource(std::string path, std::function<bool()> stop = {})
      : path_(std::move(path)), stop_(std::move(stop)) {}

  // Whole records: about 3 KiB each.
  Result<RecordSet> load(const RecordSelection& selection) override;
  // What reports look at, a tenth of that, read by so many threads side by side. The set opens the
  // archive again when asked for a whole record.
  Result<CompactRecords> load_facts(const RecordSelection& selection, int threads) const;

 private:
  std::string path_;
  std::function<bool()> stop_;
};

}  // namespace qaio
