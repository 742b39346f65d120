#include "observe/service_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "base/random.h"
#include "observe/measures.h"
#include "observe/statistics.h"

namespace qaio {
namespace {

constexpr double kStandardErrorsMin = 4;
constexpr double kExplainedMin = 0.5;
constexpr double kOutlierShareMin = 0.2;
constexpr uint64_t kSampleSeed = 1;

std::array<double, 3> regressors(const TaskFacts& task) {
  const auto generated = static_cast<double>(task.completion_tokens);
  return {static_cast<double>(computed_tokens(task)), generated,
          generated * (mean_batch(task) - 1)};
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

double ServiceFit::predict(const TaskFacts& task) const {
  const auto all = regressors(task);
  double sum = fit.coefficients[0];
  for (size_t j = 0; j < used.size(); ++j)
    sum += fit.coefficients[j + 1] * all[static_cast<size_t>(used[j])];
  return sum;
}

std::optional<ServiceFit> fit_service(const FactSet& set, uint32_t name) {
  std::vector<std::pair<size_t, const TaskFacts*>> seen;
  for (size_t i = 0; i < set.requests.size(); ++i) {
    const RequestFacts& request = *set.requests[i];
    const TaskFacts* task = request.answered() ? find_task(request, name) : nullptr;
    if (task != nullptr && task->prefill_steps > 0) seen.emplace_back(i, task);
  }
  if (seen.size() < kFitRequestsMin) return std::nullopt;
  ServiceFit service;
  service.requests = seen.size();
  std::vector<std::array<double, 3>> rows;
  std::vector<double> y;
  for (const size_t i : even_sample(seen.size())) {
    service.items.push_back(seen[i].first);
    rows.push_back(regressors(*seen[i].second));
    y.push_back(service_ms(*seen[i].second));
  }
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

std::vector<uint32_t> tasks_of(const FactSet& set) {
  std::vector<bool> seen(set.tasks.size());
  for (const RequestFacts* request : set.requests) {
    if (!request->answered()) continue;
    for (const TaskFacts& task : request->tasks) seen[task.name] = true;
  }
  std::vector<uint32_t> tasks;
  for (uint32_t i = 0; i < seen.size(); ++i)
    if (seen[i]) tasks.push_back(i);
  std::ranges::sort(tasks, {}, [&](uint32_t i) -> const std::string& { return set.tasks[i]; });
  return tasks;
}

const TaskFacts* find_task(const RequestFacts& request, uint32_t name) {
  const auto it = std::ranges::find(request.tasks, name, &TaskFacts::name);
  return it == request.tasks.end() ? nullptr : &*it;
}

double service_ms(const TaskFacts& task) {
  return to_ms(task.lane.stage_ns(Stage::kPrefill) + task.lane.stage_ns(Stage::kDecode) +
               task.lane.stage_ns(Stage::kScore));
}

int64_t computed_tokens(const TaskFacts& task) {
  return int64_t{task.prompt_tokens} - int64_t{task.cached_tokens};
}

std::vector<size_t> even_sample(size_t count) {
  const size_t step = std::max<size_t>(1, (count + kSampleMax - 1) / kSampleMax);
  std::vector<size_t> sample;
  sample.reserve(count / step + 1);
  Random random(kSampleSeed);
  for (size_t i = 0; i < count; i += step)
    sample.push_back(step == 1 ? i : i + random.below(std::min(step, count - i)));
  return sample;
}

}  // namespace qaio
