#include "record/record_columns.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "record/record_bounds.h"
#include "record/request_times.h"
#include "trace/task_counters.h"

namespace qaio {
namespace {

int64_t integer_of(const ColumnValue& value, int64_t max = kRecordIntMax) {
  const auto* integer = std::get_if<int64_t>(&value);
  return integer == nullptr ? 0 : number_or_zero(*integer, max);
}

ColumnValue text_or_null(const std::string& text) {
  if (text.empty()) return {};
  return std::string_view(text);
}

ColumnValue or_null(const std::optional<int64_t>& value) {
  if (!value) return {};
  return *value;
}

// A field of the record itself.
template <auto Field, int64_t kMax = kRecordIntMax>
constexpr RequestColumn request_field(std::string_view name) {
  using Value = std::remove_cvref_t<decltype(std::declval<RequestRecord>().*Field)>;
  if constexpr (std::is_same_v<Value, std::string>) {
    return {name, [](const RequestRow& row) { return text_or_null(row.record.*Field); },
            [](RequestRecord& record, const ColumnValue& value, TimeNs) {
              if (const auto* text = std::get_if<std::string_view>(&value)) record.*Field = *text;
            }};
  } else {
    return {name,
            [](const RequestRow& row) -> ColumnValue {
              return static_cast<int64_t>(row.record.*Field);
            },
            [](RequestRecord& record, const ColumnValue& value, TimeNs) {
              record.*Field = static_cast<Value>(integer_of(value, kMax));
            }};
  }
}

template <Stage kStage>
constexpr RequestColumn request_stage(std::string_view name) {
  return {name, [](const RequestRow& row) -> ColumnValue { return row.lane[kStage]; }, nullptr};
}

template <auto Field>
constexpr RequestColumn time(std::string_view name) {
  return {name,
          [](const RequestRow& row) -> ColumnValue {
            if constexpr (std::is_same_v<decltype(row.times.*Field), const int64_t&>) {
              return row.times.*Field;
            } else {
              return or_null(row.times.*Field);
            }
          },
          nullptr};
}

// Summed over the request's tasks, as `usage` in an answer.
template <auto Field>
constexpr RequestColumn tokens(std::string_view name) {
  return {name,
          [](const RequestRow& row) -> ColumnValue {
            int64_t sum = 0;
            for (const TaskRecord& task : row.record.tasks) sum += task.counters.*Field;
            return sum;
          },
          nullptr};
}

ColumnValue client_value(const RequestRow& row, int64_t ClientMicros::*field) {
  if (!row.client) return {};
  return (*row.client).*field;
}
ColumnValue client_value(const RequestRow& row, std::optional<int64_t> ClientMicros::*field) {
  return row.client ? or_null((*row.client).*field) : ColumnValue();
}

template <auto Shown>
constexpr RequestColumn client_derived(std::string_view name) {
  return {name, [](const RequestRow& row) { return client_value(row, Shown); }, nullptr};
}

// What is no time of a client counts as none.
template <auto Shown, auto Field>
constexpr RequestColumn client_time(std::string_view name) {
  return {name, [](const RequestRow& row) { return client_value(row, Shown); },
          [](RequestRecord& record, const ColumnValue& value, TimeNs) {
            const auto* us = std::get_if<int64_t>(&value);
            if (us == nullptr || *us < 0 || *us > kClientTimeMaxNs / 1000) return;
            if (!record.client_times) record.client_times.emplace();
            (*record.client_times).*Field = *us * 1000;
          }};
}

constexpr RequestColumn kRequestColumns[] = {
    request_field<&RequestRecord::arrived_unix_ms, kRecordUnixMsMax>("arrived_unix_ms"),
    request_field<&RequestRecord::status, kRecordStatusMax>("status"),
    {"total_us", [](const RequestRow& row) -> ColumnValue { return row.lane.total; }, nullptr},
    request_stage<Stage::kHttpRead>("http_read_us"),
    request_stage<Stage::kParse>("parse_us"),
    request_stage<Stage::kTasks>("tasks_us"),
    request_stage<Stage::kSerialize>("serialize_us"),
    request_stage<Stage::kHttpWrite>("http_write_us"),
    {"unattributed_us", [](const RequestRow& row) -> ColumnValue { return row.lane.unattributed; },
     nullptr},
    time<&RequestMicros::model_inference_us>("model_inference_us"),
    time<&RequestMicros::prompt_build_us>("prompt_build_us"),
    time<&RequestMicros::output_parse_us>("output_parse_us"),
    time<&RequestMicros::queue_us>("queue_us"),
    time<&RequestMicros::ttft_us>("ttft_us"),
    time<&RequestMicros::ttft_since_scheduled_us>("ttft_since_scheduled_us"),
    time<&RequestMicros::tpot_us>("tpot_us"),
    tokens<&TaskCounters::prompt_tokens>("prompt_tokens"),
    tokens<&TaskCounters::cached_tokens>("cached_tokens"),
    tokens<&TaskCounters::completion_tokens>("completion_tokens"),
    request_field<&RequestRecord::input_chars>("input_chars"),
    request_field<&RequestRecord::history_dropped, std::numeric_limits<int>::max()>(
        "history_dropped"),
    request_field<&RequestRecord::cpu_ns>("cpu_ns"),
    request_field<&RequestRecord::minor_faults>("minor_faults"),
    request_field<&RequestRecord::major_faults>("major_faults"),
    request_field<&RequestRecord::context_switches>("context_switches"),
    request_field<&RequestRecord::resident_bytes>("resident_bytes"),
    {"begin_ns", [](const RequestRow& row) -> ColumnValue { return row.record.lane.begin_ns(); },
     nullptr},
    request_field<&RequestRecord::error_code>("error_code"),
    request_field<&RequestRecord::method>("method"),
    request_field<&RequestRecord::path>("path"),
    request_field<&RequestRecord::request_id>("request_id"),
    request_field<&RequestRecord::input_text>("input_text"),
    request_field<&RequestRecord::routed>("routed"),
    request_field<&RequestRecord::input_tokens>("input_tokens"),
    request_field<&RequestRecord::requests_ahead>("requests_ahead"),
    request_stage<Stage::kTokenize>("tokenize_us"),
    client_time<&ClientMicros::first_byte_us, &ClientTimes::first_byte_ns>("client_first_byte_us"),
    client_time<&ClientMicros::first_token_us, &ClientTimes::first_token_ns>(
        "client_first_token_us"),
    client_time<&ClientMicros::last_byte_us, &ClientTimes::last_byte_ns>("client_last_byte_us"),
    client_time<&ClientMicros::done_us, &ClientTimes::done_ns>("client_done_us"),
    client_derived<&ClientMicros::network_us>("client_network_us"),
    client_derived<&ClientMicros::rendering_us>("client_rendering_us"),
    request_field<&RequestRecord::key>("api_key"),
};
constexpr size_t kClientColumns = 6;
constexpr size_t kBehindClientColumns = 1;

template <auto Field>
constexpr TaskColumn task_text(std::string_view name) {
  return {name, [](const TaskRow& row) { return text_or_null(row.task.*Field); },
          [](TaskRecord& task, const ColumnValue& value, TimeNs) {
            if (const auto* text = std::get_if<std::string_view>(&value)) task.*Field = *text;
          }};
}

template <Stage kStage>
constexpr TaskColumn task_stage(std::string_view name) {
  return {name, [](const TaskRow& row) -> ColumnValue { return row.lane[kStage]; }, nullptr};
}

// A moment is told from the request's begin.
template <size_t kIndex>
constexpr TaskColumn counter() {
  return {kTaskCounters[kIndex].name,
          [](const TaskRow& row) -> ColumnValue {
            constexpr const TaskCounter& kCounter = kTaskCounters[kIndex];
            const int64_t value = kCounter.get(row.task.counters);
            if (kCounter.unit != CounterUnit::kMoment) return value;
            if (value == 0) return {};
            return value - row.origin_ns;
          },
          [](TaskRecord& task, const ColumnValue& value, TimeNs origin_ns) {
            constexpr const TaskCounter& kCounter = kTaskCounters[kIndex];
            constexpr int64_t kMax = std::min(kCounter.max, kRecordIntMax);
            const auto* number = std::get_if<int64_t>(&value);
            if (kCounter.unit != CounterUnit::kMoment || number == nullptr) {
              kCounter.set(task.counters, integer_of(value, kMax));
            } else if (*number >= -origin_ns && *number <= kMax - origin_ns) {
              kCounter.set(task.counters, *number + origin_ns);
            }
          }};
}

constexpr size_t kFirstCounters =
    std::ranges::count(kTaskCounters, 1, &TaskCounter::archive_version);
static_assert(std::ranges::is_sorted(kTaskCounters, {}, &TaskCounter::archive_version));

template <size_t kFirst, size_t... kIndices>
constexpr auto counter_columns(std::index_sequence<kIndices...> /*of kTaskCounters from kFirst*/) {
  return std::array{counter<kFirst + kIndices>()...};
}

template <typename... Parts>
constexpr auto joined(const Parts&... parts) {
  std::array<TaskColumn, (std::tuple_size_v<Parts> + ...)> all{};
  auto at = all.begin();
  ((at = std::ranges::copy(parts, at).out), ...);
  return all;
}

constexpr auto kBeforeCounters = std::to_array<TaskColumn>({
    task_text<&TaskRecord::task>("task"),
    {"total_us", [](const TaskRow& row) -> ColumnValue { return row.lane.total; }, nullptr},
    task_stage<Stage::kPromptBuild>("prompt_build_us"),
    task_stage<Stage::kTokenize>("tokenize_us"),
    task_stage<Stage::kQueue>("queue_us"),
    task_stage<Stage::kPrefill>("prefill_us"),
    task_stage<Stage::kDecode>("decode_us"),
    task_stage<Stage::kScore>("score_us"),
    task_stage<Stage::kOutputParse>("output_parse_us"),
    {"unattributed_us", [](const TaskRow& row) -> ColumnValue { return row.lane.unattributed; },
     nullptr},
});

constexpr auto kBehindCounters = std::to_array<TaskColumn>({
    task_text<&TaskRecord::finish_reason>("finish_reason"),
    task_text<&TaskRecord::error_code>("error_code"),
    task_text<&TaskRecord::label>("label"),
    {"score",
     [](const TaskRow& row) -> ColumnValue {
       if (!row.task.score) return {};
       return static_cast<double>(*row.task.score);
     },
     [](TaskRecord& task, const ColumnValue& value, TimeNs) {
       if (const auto* score = std::get_if<double>(&value)) task.score = static_cast<float>(*score);
     }},
    task_text<&TaskRecord::output_text>("output_text"),
    {"gap_counts", [](const TaskRow& row) { return text_or_null(row.gaps); },
     [](TaskRecord& task, const ColumnValue& value, TimeNs) {
       if (const auto* text = std::get_if<std::string_view>(&value))
         task.counters.gap_counts = gap_counts(*text);
     }},
});

// What came later stands last: files of earlier versions keep their columns' places.
constexpr auto kLast = std::to_array<TaskColumn>({
    task_text<&TaskRecord::prompt_version>("prompt_version"),
});

constexpr auto kTaskColumns =
    joined(kBeforeCounters, counter_columns<0>(std::make_index_sequence<kFirstCounters>()),
           kBehindCounters,
           counter_columns<kFirstCounters>(
               std::make_index_sequence<kTaskCounters.size() - kFirstCounters>()),
           kLast);

}  // namespace

std::string gap_text(const GapCounts& counts) {
  std::string text;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    if (!text.empty()) text += ' ';
    text += std::to_string(i) + ':' + std::to_string(counts[i]);
  }
  return text;
}

GapCounts gap_counts(std::string_view text) {
  GapCounts counts{};
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    size_t range = 0;
    uint32_t count = 0;
    const auto [colon, range_error] = std::from_chars(at, end, range);
    if (range_error != std::errc() || colon == end || *colon != ':' || range >= counts.size())
      return {};
    const auto [stop, count_error] = std::from_chars(colon + 1, end, count);
    if (count_error != std::errc() || (stop != end && *stop != ' ')) return {};
    counts[range] = count;
    at = stop == end ? end : stop + 1;
  }
  return counts;
}

std::span<const RequestColumn> request_columns() { return kRequestColumns; }
std::span<const RequestColumn> client_columns() {
  return std::span(kRequestColumns)
      .last<kClientColumns + kBehindClientColumns>()
      .first<kClientColumns>();
}
std::span<const TaskColumn> task_columns() { return kTaskColumns; }

}  // namespace qaio
