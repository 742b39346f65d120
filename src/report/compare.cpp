#include "report/compare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "report/compare_measure.h"
#include "report/compare_shares.h"
#include "report/compare_verdict.h"

namespace qaio {
namespace {

constexpr double kWorkloadChange = 0.1;  // of mean token counts: worth a note

// Prompt, generated and question tokens of the task, or of all tasks for the request's own lane.
// The whole prompt, not what was computed of it: a prefix cache that no longer works must show.
std::vector<double> tokens_of(const CompactRecords& set, const CompactRecord& request,
                              const std::string& task) {
  std::vector<double> sums(3, 0);
  for (const CompactTask& one : request.tasks) {
    if (!task.empty() && set.tasks[one.name] != task) continue;
    sums[0] += one.prompt_tokens;
    sums[1] += one.completion_tokens;
    sums[2] += one.question_tokens;
  }
  return sums;
}

MeasuredSide side_of(const CompactRecords& set, const Measure& measure) {
  const auto request = [&set, &measure](size_t i) { return set.requests[measure.item(i)]; };
  return {.ms = measure.ms,
          .arrived_unix_ms = [request](size_t i) { return request(i)->arrived_unix_ms; },
          .tokens = [request, &set,
                     &measure](size_t i) { return tokens_of(set, *request(i), measure.task); }};
}

// A client's own time depends on who it is and says nothing of a build.
std::vector<Measure> measures_of_server(const CompactRecords& set) {
  std::vector<Measure> measures = collect_measures(set);
  std::erase_if(measures, [](const Measure& one) { return one.kind == MeasureKind::kClient; });
  return measures;
}

SideSummary summary_of(const CompactRecords& set) {
  SideSummary summary{.requests = set.requests.size()};
  if (set.requests.empty()) return summary;
  summary.first_unix_ms = set.requests.front()->arrived_unix_ms;
  summary.last_unix_ms = set.requests.back()->arrived_unix_ms;
  std::set<uint32_t> runs;
  for (const CompactRecord* request : set.requests) {
    summary.answered += request->answered() ? 1 : 0;
    runs.insert(request->run);
  }
  const auto add = [](const std::string& name, std::vector<std::string>& names) {
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const uint32_t run : runs) {
    add(set.runs[run].info.version, summary.versions);
    add(set.runs[run].info.model, summary.models);
  }
  return summary;
}

double mean_tokens(const CompactRecords& set, size_t column) {
  std::vector<double> counts;
  for (const CompactRecord* request : set.requests)
    if (request->answered()) counts.push_back(tokens_of(set, *request, "")[column]);
  return mean(counts);
}

// Of tasks and stages that ran on one side only nothing can be compared.
void note_missing(std::string_view side, const std::vector<Measure>& measures,
                  const std::vector<Measure>& others, Comparison& out) {
  const Language in = out.language;
  std::vector<std::string> names;
  std::string lone_task;                                            // whose stages need no mention
  for (auto it = measures.rbegin(); it != measures.rend(); ++it) {  // a lane's total comes last
    if (find_measure(others, it->name) != nullptr) continue;
    if (!it->task.empty() && it->task == lone_task) continue;
    if (it->kind == MeasureKind::kLane) lone_task = it->task;
    names.push_back(it->kind == MeasureKind::kLane ? say(in, "the task {}", "任务 {}", it->task)
                                                   : it->name);
  }
  if (names.empty()) return;
  std::ranges::reverse(names);
  out.notes.push_back(say(in, "Only in {}: {}.", "只在 {} 中：{}。", side, list_text(in, names)));
}

void add_notes(const CompactRecords& a, const CompactRecords& b, Comparison& out) {
  const Language in = out.language;
  if (std::ranges::any_of(out.measures, &MeasureComparison::in_turns)) {
    out.notes.push_back(
        say(in,
            "Both were measured at the same time: they are compared within short times, so that "
            "what disturbed both does not matter.",
            "两者在同一时间测量：在短时间段内比较，因此同时影响两者的干扰不起作用。"));
  }
  const std::array<std::string, 3> what = {say(in, "prompts", "提示词"), say(in, "answers", "回答"),
                                           say(in, "questions", "问题")};
  for (size_t column = 0; column < what.size(); ++column) {
    const double of_a = mean_tokens(a, column);
    const double of_b = mean_tokens(b, column);
    if (std::abs(of_b - of_a) <= kWorkloadChange * std::max(of_a, 1.0)) continue;
    out.notes.push_back(say(in, "B's {} are {:.0f} tokens long on average, A's {:.0f}.",
                            "B 的{}平均 {:.0f} 个词元，A 的平均 {:.0f} 个。", what[column], of_b,
                            of_a));
  }
}

}  // namespace

Comparison compare_records(const RecordSet& a, const RecordSet& b, const CompareOptions& options) {
  return compare_records(compact_records(a), compact_records(b), options);
}

Comparison compare_records(const CompactRecords& a, const CompactRecords& b,
                           const CompareOptions& options) {
  const std::vector<Measure> measures_a = measures_of_server(a);
  const std::vector<Measure> measures_b = measures_of_server(b);
  Comparison out{.a = summary_of(a), .b = summary_of(b), .language = options.language};
  Random random(options.seed);
  const Measure* total = find_measure(measures_a, "total");
  const double total_mean_ms = total == nullptr ? 0 : mean(total->ms);
  for (const Measure& measure : measures_a) {
    const Measure* other = find_measure(measures_b, measure.name);
    if (other == nullptr) continue;
    out.measures.push_back(compare_measure(measure.name, measure.kind, side_of(a, measure),
                                           side_of(b, *other), total_mean_ms, options, random));
  }
  out.shares = compare_shares(a, b);
  add_notes(a, b, out);
  if (out.a.answered > 0 && out.b.answered > 0) {
    note_missing("A", measures_a, measures_b, out);
    note_missing("B", measures_b, measures_a, out);
  }
  conclude(options, out);
  return out;
}

}  // namespace qaio
