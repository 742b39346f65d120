#include "load/load_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/json.h"

namespace qaio {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 4> kLatencies = {"total", "ttft", "tpot", "inter_token"};

Result<double> number(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  // A number that no double holds has become infinite.
  if (value == nullptr || !value->is_number() || !std::isfinite(value->to_number<double>())) {
    return fail(ErrorCode::kInvalidArgument,
                "not a result of qaio load: \"" + std::string(name) + "\" must be a number",
                std::string(name));
  }
  return value->to_number<double>();
}

// Sums of some of them fit as well.
constexpr double kCountMax = 1e15;

Result<int64_t> count_of(const json::object& object, std::string_view name) {
  QAIO_ASSIGN(const double value, number(object, name));
  if (!(value >= 0 && value < kCountMax)) {
    return fail(ErrorCode::kInvalidArgument,
                "not a result of qaio load: \"" + std::string(name) + "\" is wrong");
  }
  return static_cast<int64_t>(value);
}

Result<LoadLatency> latency(const json::value& value, std::string_view name) {
  if (!value.is_object()) {
    return fail(ErrorCode::kInvalidArgument,
                "not a result of qaio load: \"" + std::string(name) + "_ms\" must be an object");
  }
  LoadLatency out;
  out.name = name;
  QAIO_ASSIGN(out.count, count_of(value.get_object(), "count"));
  if (out.count == 0) return out;
  QAIO_ASSIGN(out.p50_ms, number(value.get_object(), "p50"));
  QAIO_ASSIGN(out.p95_ms, number(value.get_object(), "p95"));
  return out;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? value->get_string().c_str() : "";
}

// 0 if it is absent, as in older results, or none that can be.
double number_or_zero(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const double number = value != nullptr && value->is_number() ? value->to_number<double>() : 0;
  return number >= 0 && number < kCountMax ? number : 0;
}

Result<void> read_counts(const json::object& object, LoadResult& result) {
  const json::value* requests = object.if_contains("requests");
  if (requests == nullptr || !requests->is_object()) return {};
  QAIO_ASSIGN(result.failed, count_of(requests->get_object(), "failed"));
  result.never_sent = static_cast<int64_t>(number_or_zero(requests->get_object(), "never_sent"));
  result.succeeded = static_cast<int64_t>(number_or_zero(requests->get_object(), "succeeded"));
  const json::value* failures = object.if_contains("failures");
  if (failures == nullptr || !failures->is_array()) return {};
  for (const json::value& failure : failures->get_array()) {
    if (!failure.is_object()) continue;
    const std::string kind = text_of(failure.get_object(), "kind");
    if (!kind.starts_with("http 4") && kind != "http 503") continue;
    QAIO_ASSIGN(const int64_t count, count_of(failure.get_object(), "count"));
    int64_t& sum = kind == "http 503" || kind == "http 429" ? result.refused : result.rejected;
    sum = std::min(sum + count, static_cast<int64_t>(kCountMax));
    result.failed -= std::min(count, result.failed);
  }
  return {};
}

tl::unexpected<Error> damaged_samples() {
  return fail(ErrorCode::kInvalidArgument,
              "not a result of qaio load: \"samples\" must hold columns of numbers, all of one "
              "length");
}

Result<void> read_samples(const json::value& value, std::vector<LoadSample>& samples) {
  const json::object* columns = value.if_object();
  if (columns == nullptr) return damaged_samples();
  std::optional<size_t> count;
  // Absent members of a request are null.
  const auto read = [&](std::string_view name, const auto& store) -> Result<void> {
    const json::value* column = columns->if_contains(name);
    if (column == nullptr || !column->is_array()) return damaged_samples();
    const json::array& values = column->get_array();
    if (count.value_or(values.size()) != values.size()) return damaged_samples();
    count = values.size();
    samples.resize(*count);
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i].is_null()) continue;
      const double number = values[i].is_number() ? values[i].to_number<double>() : INFINITY;
      if (!std::isfinite(number)) return damaged_samples();
      store(samples[i], number);
    }
    return {};
  };
  using Sample = LoadSample;
  QAIO_RETURN_IF_ERROR(read("due_ms", [](Sample& one, double ms) { one.due_ms = ms; }));
  QAIO_RETURN_IF_ERROR(read("total_ms", [](Sample& one, double ms) { one.total_ms = ms; }));
  QAIO_RETURN_IF_ERROR(read("ttft_ms", [](Sample& one, double ms) { one.ttft_ms = ms; }));
  QAIO_RETURN_IF_ERROR(read("tpot_ms", [](Sample& one, double ms) { one.tpot_ms = ms; }));
  QAIO_RETURN_IF_ERROR(read("prompt_tokens", [](Sample& one, double n) { one.prompt_tokens = n; }));
  QAIO_RETURN_IF_ERROR(read("output_tokens", [](Sample& one, double n) { one.output_tokens = n; }));
  std::ranges::stable_sort(samples, {}, &Sample::due_ms);
  return {};
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
  result.model = text_of(object, "model");
  result.started_unix_ms = static_cast<int64_t>(number_or_zero(object, "started_unix_ms"));
  result.seconds = number_or_zero(object, "duration_s");
  result.setting = text_of(object, "loop") + " loop";
  if (object.contains("concurrency")) {
    QAIO_ASSIGN(const int64_t concurrency, count_of(object, "concurrency"));
    result.setting += ", concurrency " + std::to_string(concurrency);
  }
  if (object.contains("rate")) {
    QAIO_ASSIGN(const double rate, number(object, "rate"));
    result.setting += fmt::format(", {:g} requests/s", rate);
  }
  QAIO_RETURN_IF_ERROR(read_counts(object, result));
  if (const json::value* samples = object.if_contains("samples")) {
    QAIO_RETURN_IF_ERROR(read_samples(*samples, result.samples));
    result.has_samples = true;
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
