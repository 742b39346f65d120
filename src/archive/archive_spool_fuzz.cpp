// libFuzzer: any bytes as a spool that a killed server left beside its archive.
#include "archive/archive_spool.h"
#include "base/fuzz_file_for_test.h"
#include "record/record_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  static const FuzzFolder folder;
  const std::string_view text = fuzz_text(data, size);
  const std::string path = folder.write("archive.db.spool-20261125T093000123Z.jsonl", text);
  require(archive_spools(folder.path("archive.db")).size() == 1);
  auto reader = SpoolReader::open(path);
  require(reader && *reader);
  const size_t lines = static_cast<size_t>(std::ranges::count(text, '\n')) + 1;
  size_t records = 0;
  for (;;) {
    const SpoolReader::Batch batch = (*reader)->next(3);
    if (batch.records.empty()) break;
    require(batch.records.size() <= 3);
    for (const RecordPtr& record : batch.records) {
      const auto again = parse_record(record_line(*record));
      require(again && record_line(*again) == record_line(*record));
    }
    records += batch.records.size();
  }
  require(records + (*reader)->damaged() <= lines);
  return 0;
}
