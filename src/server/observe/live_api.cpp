// GET /live, /live/events: what a live view is drawn of.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/http/event_stream.h"
#include "server/http/json_pieces.h"
#include "server/http/query_fields.h"
#include "server/observe/live_json.h"
#include "server/observe/observe_api.h"

namespace qaio {
namespace {

constexpr auto kFields = std::to_array<std::string_view>({"range"});
constexpr size_t kPointBytes = 1 << 10;  // about

// The place in kLiveRanges.
Result<size_t> read_range(const std::string& query) {
  QAIO_ASSIGN(const QueryFields fields, QueryFields::parse(query, kFields));
  std::array<std::string_view, kLiveRanges.size()> names;
  std::ranges::transform(kLiveRanges, names.begin(), &LiveRangeShape::name);
  QAIO_ASSIGN(const auto found, fields.choice("range", names));
  return found.value_or(0);
}

HttpResponse range_response(const LiveSeries& series, size_t index, int64_t now_unix_ms) {
  LiveRange range = series.range(index);
  const size_t held_bytes = range.points.size() * kPointBytes;
  return json_in_pieces(
      [range = std::move(range), index, now_unix_ms, next = size_t{0},
       begun = false](JsonWriter& json) mutable {
        if (!std::exchange(begun, true)) {
          json.begin_object().key("range").string(kLiveRanges[index].name);
          json.key("step_s").integer(kLiveRanges[index].step_ns / kSecondNs);
          json.key("now_unix_ms").integer(now_unix_ms);
          json.key("heat_bounds_ms");
          write_heat_bounds(json);
          json.key("points").begin_array();
        }
        if (next == range.points.size()) {
          json.end_array().end_object();
          return false;
        }
        const LivePointPtr point = std::move(range.points[next++]);
        write_live_point(*point, range.unix_ms(point->end_ns), json);
        return true;
      },
      held_bytes);
}

void show_range(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<size_t> index = read_range(call->request().query);
  call->lap(Stage::kParse);
  HttpResponse response = index
                              ? range_response(*sources.live, *index, call->clock().wall_unix_ms())
                              : error_response(index.error());
  call->lap(Stage::kSerialize);
  call->respond(std::move(response));
}

void show_events(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  const Result<QueryFields> none = QueryFields::parse(call->request().query, {});
  call->lap(Stage::kParse);
  if (!none) {
    call->respond(error_response(none.error()));
  } else if (call->request().method == "HEAD") {
    call->respond(event_stream_head());
  } else if (!sources.live_events->listen(call)) {
    call->respond(error_response(
        503, error_code_name(ErrorCode::kResourceExhausted),
        fmt::format("{} clients watch the server already; close one of them, or ask /live",
                    LiveEvents::kListenersMax)));
  }
}

}  // namespace

void add_live_api(Router& router, const ObserveSources& sources) {
  router.add("GET", "/live", Scope::kRead,
             [sources](const auto& call) { show_range(call, sources); });
  router.add("GET", "/live/events", Scope::kRead,
             [sources](const auto& call) { show_events(call, sources); });
}

}  // namespace qaio
