#include "record/record_columns.h"

#include <charconv>
#include <optional>
#include <string>
#include <type_traits>

namespace qaio {
namespace {

int64_t integer_of(const ColumnValue& value) {
  const auto* integer = std::get_if<int64_t>(&value);
  return integer == nullptr ? 0 : *integer;
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
template <auto Field>
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
              record.*Field = static_cast<Value>(integer_of(value));
            }};
  }
}

template <Stage kStage>
constexpr RequestColumn request_stage(std::string_view name) {
  return {name, [](const RequestRow& row) -> ColumnValue { return row.lane[kStage]; }, nullptr};
}

template <auto Field>
constexpr RequestColumn metric(std::string_view name) {
  return {name,
          [](const RequestRow& row) -> ColumnValue {
            if constexpr (std::is_same_v<decltype(row.metrics.*Field), const int64_t&>) {
              return row.metrics.*Field;
            } else {
              return or_null(row.metrics.*Field);
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

constexpr RequestColumn kRequestColumns[] = {
    request_field<&RequestRecord::arrived_unix_ms>("arrived_unix_ms"),
    request_field<&RequestRecord::status>("status"),
    {"total_us", [](const RequestRow& row) -> ColumnValue { return row.lane.total; }, nullptr},
    request_stage<Stage::kHttpRead>("http_read_us"),
    request_stage<Stage::kParse>("parse_us"),
    request_stage<Stage::kTasks>("tasks_us"),
    request_stage<Stage::kSerialize>("serialize_us"),
    request_stage<Stage::kHttpWrite>("http_write_us"),
    {"unattributed_us", [](const RequestRow& row) -> ColumnValue { return row.lane.unattributed; },
     nullptr},
    metric<&RequestMetrics::model_inference_us>("model_inference_us"),
    metric<&RequestMetrics::prompt_build_us>("prompt_build_us"),
    metric<&RequestMetrics::output_parse_us>("output_parse_us"),
    metric<&RequestMetrics::queue_us>("queue_us"),
    metric<&RequestMetrics::ttft_us>("ttft_us"),
    metric<&RequestMetrics::ttft_since_scheduled_us>("ttft_since_scheduled_us"),
    metric<&RequestMetrics::tpot_us>("tpot_us"),
    tokens<&TaskCounters::prompt_tokens>("prompt_tokens"),
    tokens<&TaskCounters::cached_tokens>("cached_tokens"),
    tokens<&TaskCounters::completion_tokens>("completion_tokens"),
    request_field<&RequestRecord::input_chars>("input_chars"),
    request_field<&RequestRecord::history_dropped>("history_dropped"),
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
};

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

template <auto Field>
constexpr TaskColumn counter(std::string_view name) {
  using Value = std::remove_cvref_t<decltype(std::declval<TaskCounters>().*Field)>;
  return {name,
          [](const TaskRow& row) -> ColumnValue {
            return static_cast<int64_t>(row.task.counters.*Field);
          },
          [](TaskRecord& task, const ColumnValue& value, TimeNs) {
            task.counters.*Field = static_cast<Value>(integer_of(value));
          }};
}

// 0 in the counters: it never came to that.
template <auto Field>
constexpr TaskColumn event(std::string_view name) {
  return {name,
          [](const TaskRow& row) -> ColumnValue {
            const TimeNs time_ns = row.task.counters.*Field;
            if (time_ns == 0) return {};
            return time_ns - row.origin_ns;
          },
          [](TaskRecord& task, const ColumnValue& value, TimeNs origin_ns) {
            const auto* since_ns = std::get_if<int64_t>(&value);
            task.counters.*Field = since_ns == nullptr ? 0 : origin_ns + *since_ns;
          }};
}

constexpr TaskColumn kTaskColumns[] = {
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
    counter<&TaskCounters::prompt_tokens>("prompt_tokens"),
    counter<&TaskCounters::cached_tokens>("cached_tokens"),
    counter<&TaskCounters::completion_tokens>("completion_tokens"),
    counter<&TaskCounters::prefill_steps>("prefill_steps"),
    counter<&TaskCounters::decode_steps>("decode_steps"),
    counter<&TaskCounters::batch_max>("batch_max"),
    counter<&TaskCounters::batch_sum>("batch_sum"),
    counter<&TaskCounters::queued_ahead>("queued_ahead"),
    event<&TaskCounters::submitted_ns>("submitted_ns"),
    event<&TaskCounters::scheduled_ns>("scheduled_ns"),
    event<&TaskCounters::first_token_ns>("first_token_ns"),
    event<&TaskCounters::last_token_ns>("last_token_ns"),
    counter<&TaskCounters::gap_min_ns>("gap_min_ns"),
    counter<&TaskCounters::gap_max_ns>("gap_max_ns"),
    counter<&TaskCounters::forward_ns>("forward_ns"),
    counter<&TaskCounters::sample_ns>("sample_ns"),
    counter<&TaskCounters::detokenize_ns>("detokenize_ns"),
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
};

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
std::span<const TaskColumn> task_columns() { return kTaskColumns; }

}  // namespace qaio
