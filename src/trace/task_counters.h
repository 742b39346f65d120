// The counters of a task in one table: its name, its unit, the member of TaskCounters and what it
// means. JSON, the archive's schema, columns, CSV and views are made from it.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

#include "trace/trace.h"

namespace qaio {

enum class CounterUnit : uint8_t {
  kCount,
  kDuration,  // ns
  kMoment,    // ns on the steady clock; 0: it never came to that
};

struct TaskCounter {
  std::string_view name;  // a time's ends in "_ns"
  CounterUnit unit;
  std::string_view meaning;  // as docs/tracing.md has it
  // The version of the archive that got its column: the next one for a new counter. Neither that of
  // an old counter nor the order of old counters ever changes.
  int archive_version;
  int64_t max;  // the largest that the member holds
  int64_t (*get)(const TaskCounters& counters);
  void (*set)(TaskCounters& counters, int64_t value);  // from 0 to max
};

template <auto Member>
constexpr TaskCounter task_counter(std::string_view name, CounterUnit unit,
                                   std::string_view meaning, int archive_version = 1) {
  using Value = std::remove_cvref_t<decltype(std::declval<TaskCounters>().*Member)>;
  constexpr bool kSmall = sizeof(Value) < sizeof(int64_t);
  return {
      .name = name,
      .unit = unit,
      .meaning = meaning,
      .archive_version = archive_version,
      .max = kSmall ? static_cast<int64_t>(std::numeric_limits<Value>::max())
                    : std::numeric_limits<int64_t>::max(),
      .get = [](const TaskCounters& counters) { return static_cast<int64_t>(counters.*Member); },
      .set = [](TaskCounters& counters,
                int64_t value) { counters.*Member = static_cast<Value>(value); }};
}

// In the order in which they are written everywhere. TaskCounters::gap_counts, a list, is beside
// it.
inline constexpr auto kTaskCounters = std::to_array<TaskCounter>({
    task_counter<&TaskCounters::prompt_tokens>(
        "prompt_tokens", CounterUnit::kCount,
        "tokens of the prompt; of several questions' prompts, those that all begin with"),
    task_counter<&TaskCounters::cached_tokens>(
        "cached_tokens", CounterUnit::kCount,
        "those of them that were not computed because KV memory already held them: a multiple of "
        "32, never the last one"),
    task_counter<&TaskCounters::completion_tokens>(
        "completion_tokens", CounterUnit::kCount,
        "tokens drawn, including the end token; 0 for a classification"),
    task_counter<&TaskCounters::prefill_steps>("prefill_steps", CounterUnit::kCount,
                                               "forward passes up to the first logits"),
    task_counter<&TaskCounters::decode_steps>(
        "decode_steps", CounterUnit::kCount,
        "forward passes after the first logits; 0 for a classification whose labels have a single "
        "token each behind what all begin with"),
    task_counter<&TaskCounters::batch_max>(
        "batch_max", CounterUnit::kCount,
        "most sequences in one of these passes, this one and those of the same request's other "
        "tasks included"),
    task_counter<&TaskCounters::batch_sum>(
        "batch_sum", CounterUnit::kCount,
        "the same of all these passes, added up: divided by `prefill_steps` + `decode_steps`, how "
        "many shared a pass on average"),
    task_counter<&TaskCounters::queued_ahead>(
        "queued_ahead", CounterUnit::kCount,
        "tasks that were waiting when this one was submitted, those of the same request included: "
        "of its first task, only those of others"),
    task_counter<&TaskCounters::submitted_ns>("submitted_ns", CounterUnit::kMoment,
                                              "*submitted*, as above"),
    task_counter<&TaskCounters::scheduled_ns>("scheduled_ns", CounterUnit::kMoment,
                                              "*scheduled*, as above"),
    task_counter<&TaskCounters::first_token_ns>("first_token_ns", CounterUnit::kMoment,
                                                "the first token is out"),
    task_counter<&TaskCounters::last_token_ns>("last_token_ns", CounterUnit::kMoment,
                                               "the last token is out"),
    task_counter<&TaskCounters::gap_min_ns>(
        "gap_min_ns", CounterUnit::kDuration,
        "shortest time between consecutive tokens being out; 0 below two tokens"),
    task_counter<&TaskCounters::gap_max_ns>("gap_max_ns", CounterUnit::kDuration,
                                            "the longest such time"),
    task_counter<&TaskCounters::forward_ns>("forward_ns", CounterUnit::kDuration,
                                            "within `decode` or `score`: forward passes"),
    task_counter<&TaskCounters::sample_ns>(
        "sample_ns", CounterUnit::kDuration,
        "within `decode` or `score`: drawing tokens or scoring labels"),
    task_counter<&TaskCounters::detokenize_ns>(
        "detokenize_ns", CounterUnit::kDuration,
        "within `decode` or `score`: turning tokens into text and handing it over"),
    task_counter<&TaskCounters::questions>(
        "questions", CounterUnit::kCount,
        "prompts of questions that were scored, a question's permutations counted each; 1 of a "
        "classification, 0 of a generation",
        6),
    task_counter<&TaskCounters::question_tokens>(
        "question_tokens", CounterUnit::kCount,
        "tokens of these prompts behind what all of them begin with, computed in `score`; what "
        "several have in common counts once; 0 where there was one prompt",
        6),
    task_counter<&TaskCounters::options>(
        "options", CounterUnit::kCount,
        "labels scored, of all these prompts: one for each option or level, two spellings each for "
        "yes and no",
        6),
});

// Of its prompt and of questions behind it: what several have in common counts once.
constexpr int64_t all_prompt_tokens(const TaskCounters& counters) {
  return int64_t{counters.prompt_tokens} + counters.question_tokens;
}

// The counter of a name; null without. For tables made at compile time, too.
constexpr const TaskCounter* find_task_counter(std::string_view name) {
  for (const TaskCounter& counter : kTaskCounters)
    if (counter.name == name) return &counter;
  return nullptr;
}

}  // namespace qaio
