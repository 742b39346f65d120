// libFuzzer: any bytes as an archive: read, and written to by a server that finds it.
#include <vector>

#include "archive/archive_checks_for_test.h"
#include "archive/sqlite_archive.h"
#include "base/clock.h"
#include "base/fuzz_file_for_test.h"
#include "record/synthetic_record_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  static const FuzzFolder folder;
  folder.clear();
  const std::string path = folder.write("archive.db", fuzz_text(data, size));
  check_archive(path);

  static const FakeClock clock;
  static const std::vector<RecordPtr> records = {synthetic_record_ptr(1), synthetic_record_ptr(2)};
  std::vector<std::string> said;
  auto archive = SqliteArchive::open(
      {.path = path}, {.version = "1", .model = "m", .model_hash = "h", .isa = "avx2"},
      [&said](ArchiveEvent, const std::string& text) { said.push_back(text); }, clock);
  if (!archive) {
    require(archive.error().message.find(path) != std::string::npos);
    return 0;
  }
  (*archive)->consume(records);
  const auto closed = (*archive)->close();
  // Every record is somewhere, or somebody was told.
  if ((*archive)->lost() > 0) require(!closed || !said.empty());
  require((*archive)->written() + (*archive)->lost() <= records.size());
  return 0;
}
