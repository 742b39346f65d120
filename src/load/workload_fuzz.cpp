// libFuzzer: any bytes as a file of requests for a load, the first one says for which endpoint; and
// as what a server answers before a load begins.
#include "base/fuzz_file_for_test.h"
#include "base/json.h"
#include "load/answer_reader.h"
#include "load/target.h"
#include "load/workload.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  static const FuzzFolder folder;
  FuzzInput input(data, size);
  BodyOptions options;
  options.api = load_apis()[input.byte() % load_apis().size()].api;
  options.model = "m";
  const std::string_view text = input.rest();
  require(error_message(text).size() <= 200);
  if (const auto target = parse_target(text, "")) {
    require(!target->host.empty() && !target->port.empty() && target->path.starts_with('/'));
  }
  const auto workload = FileWorkload::open(folder.write("requests.jsonl", text), options);
  if (!workload) {
    require(!workload.error().message.empty());
    return 0;
  }
  for (uint64_t i = 0; i < (*workload)->size() && i < 8; ++i) {
    const auto body = parse_json((*workload)->request(i).body, "the body");
    require(body && body->is_object());
  }
  return 0;
}
