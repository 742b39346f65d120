#include "observe/service_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "observe/measures.h"
#include "observe/statistics.h"

namespace qaio {
namespace {

constexpr double kStandardErrorsMin = 4;
constexpr double kExplainedMin = 0.5;
constexpr double kOutlierShareMin = 0.2;

std::array<double, 3> regressors(const TaskCounters& counters) {
  const auto generated = static_cast<double>(counters.completion_tokens);
  return {static_cast<double>(computed_tokens(counters)), generated,
          generated * (mean_batch(counters) - 1)};
}

// At least three different values: two could be any two kinds of requests.
bool varies(std::span<const std::array<double, 3>> rows, size_t column) {
  std::set<double> values;
  for (const auto& row : rows) {
    values.insert(row[column]);
    if (values.size() >= 3) return true;
  }
  return false;
}

// With the regressors that vary; the last ones go while they depend on the others.
void fit_rows(std::span<const std::array<double, 3>> all, std::span<const double> y,
              ServiceFit& service, std::optional<LinearFit>& fit) {
  for (int column = 0; column < 3; ++column)
    if (varies(all, static_cast<size_t>(column))) service.used.push_back(column);
  while (!fit && !service.used.empty()) {
    std::vector<std::vector<double>> rows;
    rows.reserve(all.size());
    for (const auto& row : all) {
      rows.emplace_back();
      for (const int column : service.used) rows.back().push_back(row[static_cast<size_t>(column)]);
    }
    fit = fit_linear(rows, y);
    if (!fit) service.used.pop_back();
  }
}

}  // namespace

double ServiceFit::predict(const TaskRecord& record) const {
  const auto all = regressors(record.counters);
  std::vector<double> row;
  for (const int column : used) row.push_back(all[static_cast<size_t>(column)]);
  return fit.predict(row);
}

std::optional<ServiceFit> fit_service(const RecordSet& set, std::string_view name) {
  ServiceFit service;
  service.task = name;
  std::vector<std::array<double, 3>> rows;
  std::vector<double> y;
  for (size_t i = 0; i < set.items.size(); ++i) {
    const RequestRecord& record = *set.items[i].record;
    const TaskRecord* task = answered(record) ? find_task_record(record, name) : nullptr;
    if (task == nullptr || task->counters.prefill_steps == 0) continue;
    service.items.push_back(i);
    rows.push_back(regressors(task->counters));
    y.push_back(service_ms(*task));
  }
  if (y.size() < kFitRequestsMin) return std::nullopt;
  std::optional<LinearFit> fit;
  fit_rows(rows, y, service, fit);
  if (!fit || fit->explained < kExplainedMin) return std::nullopt;
  service.fit = *std::move(fit);
  // Errors grow with the times: what is within a fifth of what is expected is no riddle.
  std::erase_if(service.fit.outliers, [&](size_t i) {
    return std::abs(service.fit.residuals[i]) <
           kOutlierShareMin * (y[i] - service.fit.residuals[i]);
  });
  const std::array<double*, 3> costs = {&service.ms_per_prompt_token, &service.ms_per_output_token,
                                        &service.ms_per_neighbour_token};
  for (size_t j = 0; j < service.used.size(); ++j) {
    const double cost = service.fit.coefficients[j + 1];
    if (cost > kStandardErrorsMin * service.fit.standard_errors[j + 1])
      *costs[static_cast<size_t>(service.used[j])] = cost;
  }
  return service;
}

std::vector<std::string> tasks_of(const RecordSet& set) {
  std::set<std::string> names;
  for (const RecordSet::Item& item : set.items) {
    if (!answered(*item.record)) continue;
    for (const TaskRecord& task : item.record->tasks) names.insert(task.task);
  }
  return {names.begin(), names.end()};
}

const TaskRecord* find_task_record(const RequestRecord& record, std::string_view name) {
  const auto it = std::ranges::find(record.tasks, name, &TaskRecord::task);
  return it == record.tasks.end() ? nullptr : &*it;
}

double service_ms(const TaskRecord& task) {
  return to_ms(task.lane.stage_ns(Stage::kPrefill) + task.lane.stage_ns(Stage::kDecode) +
               task.lane.stage_ns(Stage::kScore));
}

int64_t computed_tokens(const TaskCounters& counters) {
  return int64_t{counters.prompt_tokens} - int64_t{counters.cached_tokens};
}

}  // namespace qaio
