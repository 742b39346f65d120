#include "load/load_report.h"

namespace qaio {

double LoadReport::slo_kept_percent() const {
  const uint64_t due = summary.succeeded() + summary.failed() + never_sent;
  return due == 0 ? 100 : 100 * static_cast<double>(summary.kept_slo()) / static_cast<double>(due);
}

bool LoadReport::slo_met(double wanted_percent) const {
  return !summary.slo().any() || slo_kept_percent() >= wanted_percent;
}

}  // namespace qaio
