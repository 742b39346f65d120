// libFuzzer: any bytes as the query of /requests; what is accepted means the same to memory and to
// the archive.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "server/observe/record_query.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Result<RecordQuery> query = RecordQuery::parse(text, 1000, 1'700'000'000'000);
  if (!query) {
    check(!query.error().message.empty());
    return 0;
  }
  check(query->limit >= 1 && query->limit <= 1000);
  check(!query->chars_min || !query->chars_max || *query->chars_min <= *query->chars_max);
  RequestRecord record;
  query->wants(record);
  const ArchiveFilter filter = query->filter();
  if (!filter.status) return 0;
  const auto ranges = filter.status->ranges();
  for (int status = 100; status < 600; ++status) {
    for (const bool error : {false, true}) {
      const bool within = std::ranges::any_of(ranges, [&](const StatusFilter::Range& range) {
        return range.first <= status && status <= range.last &&
               range.error.value_or(error) == error;
      });
      check(within == query->status->wants(status, error));
    }
  }
  return 0;
}
