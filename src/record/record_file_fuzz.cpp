// libFuzzer: any bytes as a file of records; what is read and saved is read as the same again.
#include <string>

#include "base/fuzz_file_for_test.h"
#include "record/record_json.h"

namespace {

std::string lines_of(const qaio::RecordSet& set) {
  std::string lines;
  for (const auto& item : set.items) {
    lines += qaio::run_line(set.run_of(item)) + qaio::record_line(*item.record);
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  static const FuzzFolder folder;
  const std::string path = folder.write("records.jsonl", fuzz_text(data, size));
  const auto set = RecordFile(path).load({});
  if (!set) {
    require(set.error().message.find(path) != std::string::npos);
    return 0;
  }
  require(save_records(*set, folder.path("saved.jsonl")).has_value());
  const auto again = RecordFile(folder.path("saved.jsonl")).load({});
  require(again.has_value() && lines_of(*again) == lines_of(*set));
  const auto last = RecordFile(path).load({.last = 2});
  require(last.has_value() && last->items.size() == std::min<size_t>(2, set->items.size()));
  return 0;
}
