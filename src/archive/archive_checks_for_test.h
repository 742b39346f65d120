// What holds of every file that is taken for an archive, for fuzz targets.
#pragma once

#include <string>

#include "archive/archive_reader.h"
#include "archive/archive_source.h"
#include "base/fuzz_for_test.h"
#include "record/record_json.h"

namespace qaio {

// Reads it in every way. What is not refused holds records that can be exported and read again.
inline void check_archive(const std::string& path) {
  auto reader = ArchiveReader::open(path);
  if (!reader) {
    require(reader.error().message.find(path) != std::string::npos);
    return;
  }
  const auto runs = reader->runs();
  if (!runs) require(!runs.error().message.empty());
  static_cast<void>(reader->runs_from_start({}));
  static_cast<void>(reader->count({.served_only = true}));
  static_cast<void>(reader->find(1));
  const auto records = reader->read({.limit = 100, .order = ArchiveFilter::Order::kSlowestFirst});
  if (records) {
    for (const ArchivedRecord& archived : *records) {
      require(archived.record != nullptr && archived.run != nullptr);
      const std::string line = record_line(*archived.record);
      const auto again = parse_record(line);
      require(again && record_line(*again) == line);
      require(parse_run(run_line(archived.run->info)).has_value());
    }
  }
  static_cast<void>(reader->scan(
      {}, {"status", "lane"}, [](const ArchiveRow& row) { static_cast<void>(row.bytes(1)); },
      {"task", "lane"}, [](const ArchiveRow& row) { static_cast<void>(row.text(0)); }));
  ArchiveSource source(path);
  const auto set = source.load({});
  const auto facts = source.load_facts({}, 1);
  require(set.has_value() || !set.error().message.empty());
  if (set && facts) {
    for (const CompactRecord* request : facts->requests) {
      require(request->run < facts->runs.size());
      static_cast<void>(facts->id_of(*request));
    }
  }
}

}  // namespace qaio
