#include "report/service_fit.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/random.h"
#include "report/measures.h"
#include "stats/statistics.h"

namespace qaio {
namespace {

constexpr double kStandardErrorsMin = 4;
constexpr double kNormal95 = 1.96;
constexpr double kExplainedMin = 0.25;  // as comparisons have it
constexpr double kOutlierDeviations = 4;
constexpr double kOutlierShareMin = 0.2;  // errors grow with the times
// Below, there were none: which steps a request's own tasks shared is told by the clock, to a step.
constexpr double kNeighboursMin = 0.2;
constexpr uint64_t kSampleSeed = 1;

using Rows = std::vector<std::vector<double>>;

uint64_t steps_of(const CompactTask& task) {
  return uint64_t{task.prefill_steps} + task.decode_steps;
}

// How many steps two tasks of a request were both in: the shorter one's, as far as it was there
// together with the other.
uint64_t shared_steps(const CompactTask& a, const CompactTask& b) {
  const auto together = static_cast<double>(std::min(a.end_ns, b.end_ns) -
                                            std::max(a.prefill_begin_ns, b.prefill_begin_ns));
  if (together <= 0) return 0;
  const auto of = [together](const CompactTask& task) {
    return static_cast<double>(steps_of(task)) * together /
           static_cast<double>(task.end_ns - task.prefill_begin_ns);
  };
  return static_cast<uint64_t>(std::llround(std::min(of(a), of(b))));
}

std::vector<double> selected(std::span<const double> all, const std::vector<size_t>& used) {
  std::vector<double> some;
  some.reserve(used.size());
  for (const size_t column : used) some.push_back(all[column]);
  return some;
}

// At least three different values: two could be any two kinds of requests.
bool varies(const Rows& rows, size_t column) {
  std::set<double> values;
  for (const auto& row : rows) {
    values.insert(row[column]);
    if (values.size() >= 3) return true;
  }
  return false;
}

struct Observation {
  size_t item;
  const CompactRecord* request;
  const CompactTask* task;
};

TimeFit fit_prefill(std::span<const Observation> all) {
  const auto alone = [](const Observation& one) { return alone_in_steps(*one.request); };
  const bool enough = std::ranges::count_if(all, alone) >= std::ptrdiff_t{kFitRequestsMin};
  Rows rows;
  std::vector<double> ms;
  for (const Observation& one : all) {
    if (enough && !alone(one)) continue;
    rows.push_back(prefill_regressors(*one.request, *one.task));
    ms.push_back(prefill_ms(*one.task));
  }
  return fit_times(rows, ms, kExplainedMin);
}

TimeFit fit_decode(std::span<const Observation> all) {
  Rows rows;
  std::vector<double> ms;
  for (const Observation& one : all) {
    rows.push_back(decode_regressors(*one.request, *one.task));
    ms.push_back(decode_ms(*one.task));
  }
  return fit_times(rows, ms, kExplainedMin);
}

void find_outliers(std::span<const Observation> all, ServiceFit& service) {
  for (const Observation& one : all) {
    service.residuals_ms.push_back(prefill_ms(*one.task) + decode_ms(*one.task) -
                                   service.predict(*one.request, *one.task));
  }
  service.deviation_ms = scaled_median_deviation(service.residuals_ms);
  const auto size = [&](size_t i) { return std::abs(service.residuals_ms[i]); };
  for (size_t i = 0; i < all.size(); ++i) {
    const double expected_ms = service.predict(*all[i].request, *all[i].task);
    if (size(i) >
        std::max(kOutlierDeviations * service.deviation_ms, kOutlierShareMin * expected_ms))
      service.outliers.push_back(i);
  }
  std::ranges::sort(service.outliers, std::ranges::greater(), size);
}

}  // namespace

std::vector<double> prefill_regressors(const CompactRecord& request, const CompactTask& task) {
  return {prefill_tokens(request, task)};
}

std::vector<double> decode_regressors(const CompactRecord& request, const CompactTask& task) {
  return {static_cast<double>(task.completion_tokens), neighbour_tokens(request, task),
          questions_behind(task), static_cast<double>(task.options)};
}

double prefill_ms(const CompactTask& task) { return to_ms(task.lane.stage_ns(Stage::kPrefill)); }

double decode_ms(const CompactTask& task) {
  return to_ms(task.lane.stage_ns(Stage::kDecode) + task.lane.stage_ns(Stage::kScore));
}

TimeFit fit_times(const std::vector<std::vector<double>>& rows, const std::vector<double>& ms,
                  double explained_min) {
  TimeFit stage;
  for (size_t column = 0; column < rows[0].size(); ++column)
    if (varies(rows, column)) stage.used.push_back(column);
  // The last ones go while they depend on the others.
  for (; !stage.used.empty(); stage.used.pop_back()) {
    Rows some;
    some.reserve(rows.size());
    for (const auto& row : rows) some.push_back(selected(row, stage.used));
    auto fit = fit_linear(some, ms);
    if (!fit) continue;
    if (fit->explained < explained_min) break;
    stage.fit = *std::move(fit);
    return stage;
  }
  stage.used.clear();
  stage.fit.coefficients = {median(ms)};
  stage.fit.standard_errors = {0};
  return stage;
}

double TimeFit::predict(std::span<const double> regressors) const {
  return fit.predict(selected(regressors, used));
}

double TimeFit::cost_ms(size_t regressor) const {
  const auto found = std::ranges::find(used, regressor);
  if (found == used.end()) return 0;
  const auto place = static_cast<size_t>(found - used.begin()) + 1;
  const double cost = fit.coefficients[place];
  return cost > kStandardErrorsMin * fit.standard_errors[place] ? cost : 0;
}

Interval TimeFit::cost_interval_ms(size_t regressor) const {
  const double cost = cost_ms(regressor);
  if (cost == 0) return {};
  const auto place = static_cast<size_t>(std::ranges::find(used, regressor) - used.begin()) + 1;
  const double margin = kNormal95 * fit.standard_errors[place];
  return {cost - margin, cost + margin};
}

double ServiceFit::predict(const CompactRecord& request, const CompactTask& task) const {
  return prefill.predict(prefill_regressors(request, task)) +
         decode.predict(decode_regressors(request, task));
}

std::optional<ServiceFit> fit_service(const CompactRecords& set, uint32_t name) {
  std::vector<Observation> seen;
  for (size_t i = 0; i < set.requests.size(); ++i) {
    const CompactRecord& request = *set.requests[i];
    const CompactTask* task = request.answered() ? find_task(request, name) : nullptr;
    if (task != nullptr && task->prefill_steps > 0) seen.push_back({i, &request, task});
  }
  if (seen.size() < kFitRequestsMin) return std::nullopt;
  ServiceFit service;
  service.requests = seen.size();
  std::vector<Observation> sample;
  for (const size_t i : stratified_indices(seen.size())) {
    sample.push_back(seen[i]);
    service.items.push_back(seen[i].item);
  }
  service.prefill = fit_prefill(sample);
  service.decode = fit_decode(sample);
  if (service.prefill.used.empty() && service.decode.used.empty()) return std::nullopt;
  service.ms_per_prompt_token = service.prefill.cost_ms(0);
  service.ms_per_output_token = service.decode.cost_ms(0);
  service.ms_per_neighbour_token = service.decode.cost_ms(1);
  find_outliers(sample, service);
  return service;
}

std::vector<uint32_t> tasks_of(const CompactRecords& set) {
  std::vector<bool> seen(set.tasks.size());
  for (const CompactRecord* request : set.requests) {
    if (!request->answered()) continue;
    for (const CompactTask& task : request->tasks) seen[task.name] = true;
  }
  std::vector<uint32_t> tasks;
  for (uint32_t i = 0; i < seen.size(); ++i)
    if (seen[i]) tasks.push_back(i);
  std::ranges::sort(tasks, {}, [&](uint32_t i) -> const std::string& { return set.tasks[i]; });
  return tasks;
}

const CompactTask* find_task(const CompactRecord& request, uint32_t name) {
  const auto it = std::ranges::find(request.tasks, name, &CompactTask::name);
  return it == request.tasks.end() ? nullptr : &*it;
}

int64_t computed_tokens(const CompactTask& task) {
  return int64_t{task.prompt_tokens} - int64_t{task.cached_tokens};
}

double questions_behind(const CompactTask& task) {
  return task.question_tokens > 0 ? task.questions : 0;
}

double prefill_tokens(const CompactRecord& request, const CompactTask& task) {
  int64_t tokens = 0;
  for (const CompactTask& one : request.tasks) {
    const bool together =
        one.prefill_begin_ns < task.prefill_end_ns && task.prefill_begin_ns < one.prefill_end_ns;
    if (together || &one == &task) tokens += computed_tokens(one);
  }
  return static_cast<double>(tokens);
}

double neighbour_tokens(const CompactRecord& request, const CompactTask& task) {
  const uint64_t steps = steps_of(task);
  uint64_t own = steps;  // sequences of this request in its steps
  for (const CompactTask& one : request.tasks)
    if (&one != &task) own += shared_steps(task, one);
  if (task.batch_sum <= own) return 0;
  const double others = static_cast<double>(task.batch_sum - own) / static_cast<double>(steps);
  return others < kNeighboursMin ? 0 : task.completion_tokens * others;
}

bool alone_in_steps(const CompactRecord& request) {
  return std::ranges::all_of(request.tasks, [&](const CompactTask& task) {
    return task.batch_max <= request.tasks.size();
  });
}

std::vector<size_t> stratified_indices(size_t count) {
  const size_t step = std::max<size_t>(1, (count + kSampleMax - 1) / kSampleMax);
  std::vector<size_t> sample;
  sample.reserve(count / step + 1);
  Random random(kSampleSeed);
  for (size_t i = 0; i < count; i += step)
    sample.push_back(step == 1 ? i : i + random.below(std::min(step, count - i)));
  return sample;
}

}  // namespace qaio
