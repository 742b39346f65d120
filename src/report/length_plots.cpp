#include "report/length_plots.h"

#include <cmath>

#include "report/service_fit.h"

namespace qaio {
namespace {

// One stage of a task: how its fit sees a request.
struct StageView {
  Stage stage;
  const TimeFit& fit;

  double stage_ms(const CompactTask& task) const {
    return stage == Stage::kPrefill ? prefill_ms(task) : decode_ms(task);
  }
  std::vector<double> regressors(const CompactRecord& request, const CompactTask& task) const {
    return stage == Stage::kPrefill ? prefill_regressors(request, task)
                                    : decode_regressors(request, task);
  }
  double residual_ms(const CompactRecord& request, const CompactTask& task) const {
    return stage_ms(task) - fit.predict(regressors(request, task));
  }
  // On the line where length explains it all.
  LengthPoint point(const CompactRecord& request, const CompactTask& task) const {
    std::vector<double> of = regressors(request, task);
    const double expected_ms = fit.predict(of);
    for (size_t i = 1; i < of.size(); ++i) of[i] = 0;
    return {of[0], fit.predict(of) + stage_ms(task) - expected_ms};
  }
};

LengthPlot plot_of(const FindingInput& input, uint32_t task, const ServiceFit& service,
                   const StageView& view) {
  const CompactRecords& set = input.set;
  LengthPlot plot{.task = set.tasks[task],
                  .stage = view.stage,
                  .ms_at_zero = view.fit.fit.coefficients[0],
                  .ms_per_token = view.fit.cost_ms(0),
                  .explained = view.fit.fit.explained,
                  .requests = service.items.size(),
                  .points = {},
                  .outliers = {}};
  std::vector<bool> apart(service.items.size());
  for (const size_t i : service.outliers) {
    const CompactRecord& request = *set.requests[service.items[i]];
    const CompactTask& facts = *find_task(request, task);
    const double beyond_ms = view.residual_ms(request, facts);
    const double beyond_in_the_other_ms = service.residuals_ms[i] - beyond_ms;
    if (std::abs(beyond_ms) < std::abs(beyond_in_the_other_ms)) continue;
    apart[i] = true;
    ++plot.outliers_all;
    if (plot.outliers.size() == LengthPlot::kOutliersMax) continue;
    plot.outliers.push_back({set.id_of(request), view.point(request, facts), beyond_ms});
  }
  const size_t step = (service.items.size() + LengthPlot::kPointsMax - 1) / LengthPlot::kPointsMax;
  for (size_t i = 0; i < service.items.size(); i += step) {
    if (apart[i]) continue;
    const CompactRecord& request = *set.requests[service.items[i]];
    plot.points.push_back(view.point(request, *find_task(request, task)));
  }
  return plot;
}

}  // namespace

std::vector<LengthPlot> length_plots(const FindingInput& input) {
  std::vector<LengthPlot> plots;
  for (const uint32_t task : input.tasks) {
    const auto& service = input.fits[task];
    if (!service) continue;
    if (service->ms_per_prompt_token > 0)
      plots.push_back(plot_of(input, task, *service, {Stage::kPrefill, service->prefill}));
    if (service->ms_per_output_token > 0)
      plots.push_back(plot_of(input, task, *service, {Stage::kDecode, service->decode}));
  }
  return plots;
}

}  // namespace qaio
