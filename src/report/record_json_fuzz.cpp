// libFuzzer: any bytes as a line of a record file; what is accepted comes back the same, and a
// report and a comparison can be made of it.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "load/load_result.h"
#include "record/record_json.h"
#include "report/compare.h"
#include "report/report_html.h"
#include "report/report_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto run = parse_run(text); !run && run.error().message.empty()) std::abort();
  if (const auto load = parse_load_result(text)) compare_loads(*load, *load, {});
  const auto record = parse_record(text);
  if (!record) {
    if (record.error().message.empty()) std::abort();
    return 0;
  }
  const auto again = parse_record(record_line(*record));
  if (!again || record_line(*again) != record_line(*record)) std::abort();
  RecordSet set;
  set.runs.emplace_back();
  for (int i = 0; i < 20; ++i)
    set.items.push_back({std::make_shared<const RequestRecord>(*record), 0});
  const Report report = make_report(set, {.trend = TrendBy::kDay});
  if (report_html(report).empty() || report_json(report).empty()) std::abort();
  if (compare_records(set, set, {}).verdict == Verdict::kSlower) std::abort();
  return 0;
}
