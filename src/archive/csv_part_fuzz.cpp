// libFuzzer: any bytes as a CSV file that a killed server did not complete: what is kept of it are
// whole lines. The first byte says whether it is compressed then.
#include <fstream>
#include <iterator>

#include "archive/csv_file.h"
#include "base/fuzz_file_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  static const FuzzFolder folder;
  folder.clear();
  FuzzInput input(data, size);
  const bool gzip = input.byte() % 2 == 1;
  const std::string_view text = input.rest();
  const std::string path = folder.write("20261125T093000123Z.csv.part", text);
  auto file = CsvFile::recover(path);
  require(file.has_value());
  if (!*file) return 0;
  require((*file)->lines() >= 1 && (*file)->append("a,b\n", 1).has_value());
  const auto complete = (*file)->complete(gzip);
  require(complete && std::filesystem::exists(*complete) && !std::filesystem::exists(path));
  if (gzip) return 0;
  std::ifstream whole(*complete, std::ios::binary);
  std::string kept{std::istreambuf_iterator<char>(whole), std::istreambuf_iterator<char>()};
  require(kept.ends_with("a,b\n"));
  kept.resize(kept.size() - 4);
  require(text.starts_with(kept) && kept.ends_with('\n'));
  require(std::ranges::count(kept, '"') % 2 == 0);
  return 0;
}
