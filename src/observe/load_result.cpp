#include "observe/load_result.h"

#include <array>

#include "base/json.h"

namespace qaio {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 4> kLatencies = {"total", "ttft", "tpot", "inter_token"};

Result<double> number(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) {
    return fail(ErrorCode::kInvalidArgument,
                "not a result of qaio load: \"" + std::string(name) + "\" must be a number",
                std::string(name));
  }
  return value->to_number<double>();
}

Result<LoadLatency> latency(const json::value& value, std::string_view name) {
  if (!value.is_object()) {
    return fail(ErrorCode::kInvalidArgument,
                "not a result of qaio load: \"" + std::string(name) + "_ms\" must be an object");
  }
  LoadLatency out;
  out.name = name;
  QAIO_ASSIGN(const double count, number(value.get_object(), "count"));
  if (!(count >= 0 && count < 1e15))
    return fail(ErrorCode::kInvalidArgument, "not a result of qaio load: \"count\" is wrong");
  out.count = static_cast<int64_t>(count);
  if (out.count == 0) return out;
  QAIO_ASSIGN(out.p50_ms, number(value.get_object(), "p50"));
  QAIO_ASSIGN(out.p95_ms, number(value.get_object(), "p95"));
  return out;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? value->get_string().c_str() : "";
}

}  // namespace

bool is_load_result(std::string_view text) {
  const auto parsed = parse_json(text, "");
  return parsed && parsed->is_object() && parsed->get_object().contains("ttft_ms");
}

Result<LoadResult> parse_load_result(std::string_view text) {
  QAIO_ASSIGN(const json::value value, parse_json(text, "the load result"));
  if (!value.is_object())
    return fail(ErrorCode::kInvalidArgument, "not a result of qaio load: not a JSON object");
  const json::object& object = value.get_object();
  LoadResult result;
  result.url = text_of(object, "url");
  result.setting = text_of(object, "loop") + " loop";
  if (object.contains("concurrency")) {
    QAIO_ASSIGN(const double concurrency, number(object, "concurrency"));
    result.setting += ", concurrency " + std::to_string(static_cast<int64_t>(concurrency));
  }
  if (const json::value* requests = object.if_contains("requests");
      requests != nullptr && requests->is_object()) {
    QAIO_ASSIGN(const double failed, number(requests->get_object(), "failed"));
    result.failed = static_cast<int64_t>(failed);
  }
  for (const std::string_view name : kLatencies) {
    const json::value* its = object.if_contains(std::string(name) + "_ms");
    if (its == nullptr) continue;
    QAIO_ASSIGN(LoadLatency one, latency(*its, name));
    if (one.count > 0) result.latencies.push_back(std::move(one));
  }
  return result;
}

}  // namespace qaio
