#include "cli/outcome_text.h"

#include <fmt/format.h>

#include <array>

#include "base/json_writer.h"
#include "cli/terminal.h"
#include "record/request_times.h"
#include "record/rounded_times.h"

namespace qaio {
namespace {

constexpr std::array kTaskStages = {Stage::kPromptBuild, Stage::kTokenize, Stage::kQueue,
                                    Stage::kPrefill,     Stage::kDecode,   Stage::kScore,
                                    Stage::kOutputParse};

}  // namespace

const TaskOutcome* find_outcome(const RequestOutcome& outcome, std::string_view task) {
  for (const TaskOutcome& candidate : outcome.tasks)
    if (candidate.task == task) return &candidate;
  return nullptr;
}

std::string answer_text(const TaskOutcome& task) {
  if (task.kind == TaskKind::kGenerate) return task.text;
  if (!task.label) return "-";
  if (!task.score) return *task.label;
  const double percent = *task.score * 100;
  if (task.level.empty()) return fmt::format("{} ({:.1f} %)", *task.label, percent);
  return fmt::format("{}, {} ({:.1f} %); mean {:.2f}", *task.label, task.level, percent,
                     task.answer.mean);
}

std::string breakdown_table(const RequestOutcome& outcome) {
  std::vector<Table::Align> columns(outcome.tasks.size() + 1, Table::Align::kRight);
  columns.front() = Table::Align::kLeft;
  Table table(columns);
  const auto row = [&](std::string_view name, auto value) {
    std::vector<std::string> cells = {std::string(name)};
    for (const TaskOutcome& task : outcome.tasks) cells.push_back(value(task));
    table.row(std::move(cells));
  };
  row("ms", [](const TaskOutcome& task) { return task.task; });
  for (const Stage stage : kTaskStages) {
    row(stage_name(stage), [stage](const TaskOutcome& task) {
      const int64_t us = lane_micros(task.lane)[stage];
      return us == 0 ? std::string("-") : format_thousandths(us);
    });
  }
  row("unattributed", [](const TaskOutcome& task) {
    return format_thousandths(lane_micros(task.lane).unattributed);
  });
  row("total",
      [](const TaskOutcome& task) { return format_thousandths(lane_micros(task.lane).total); });
  return table.text();
}

std::string times_line(const TaskOutcome& task) {
  const TaskTimes times = task_times(task.lane, task.counters);
  std::string text = fmt::format("{:.0f} ms", static_cast<double>(task.lane.wall_ns()) / 1e6);
  if (times.ttft_since_submitted_ns) {
    text += fmt::format(", first token {:.0f} ms",
                        static_cast<double>(*times.ttft_since_submitted_ns) / 1e6);
  }
  if (times.tpot_ns) text += fmt::format(", {:.1f} ms per token", *times.tpot_ns / 1e6);
  return text + fmt::format(", {} token{}", task.counters.completion_tokens,
                            task.counters.completion_tokens == 1 ? "" : "s");
}

}  // namespace qaio
