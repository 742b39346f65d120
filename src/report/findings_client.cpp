// What clients waited beside the server, by what they said.
#include <fmt/format.h>

#include <vector>

#include "report/findings.h"
#include "stats/ranks.h"
#include "stats/statistics.h"

namespace qaio {
namespace {

constexpr size_t kRequestsMin = 5;
constexpr double kShareMin = 0.10;  // of the client's time: worth doing something about

}  // namespace

ClientTimeSums client_times(const CompactRecords& set) {
  ClientTimeSums sums;
  for (const CompactRecord* request : set.requests) {
    if (!request->answered() || request->client_rendering_us == CompactRecord::kNone) continue;
    ++sums.requests;
    sums.network_ms += static_cast<double>(request->client_network_us) / 1e3;
    sums.server_ms += to_ms(request->lane.wall_ns());
    sums.rendering_ms += static_cast<double>(request->client_rendering_us) / 1e3;
  }
  return sums;
}

void find_client_time(const FindingInput& input, std::vector<Finding>& out) {
  const ClientTimeSums sums = client_times(input.set);
  const double total_ms = sums.total_ms();
  if (sums.requests < kRequestsMin || total_ms <= 0) return;
  const auto requests = static_cast<double>(sums.requests);
  const double network = sums.network_ms / total_ms;
  const double rendering = sums.rendering_ms / total_ms;
  Finding finding{.id = "client_time"};
  finding.statement = fmt::format(
      "Clients waited {} ms on average: server {:.0f} %, rendering {:.0f} %, network {:.0f} %, "
      "over "
      "the {} requests that they reported.",
      ms_text(total_ms / requests), 100 * sums.server_ms / total_ms, 100 * rendering, 100 * network,
      sums.requests);
  if (rendering >= kShareMin) {
    finding.evidence.push_back(fmt::format(
        "Showing the answer takes {} ms on average: that time is the page's, or its device's.",
        ms_text(sums.rendering_ms / requests)));
  }
  if (network >= kShareMin) {
    finding.evidence.push_back(fmt::format(
        "{} ms on average pass between server and client: look at the connection, and at proxies "
        "that collect an answer before they pass it on.",
        ms_text(sums.network_ms / requests)));
  }
  if (finding.evidence.empty()) {
    finding.evidence.emplace_back(
        "What users wait for is the server: the other findings say where.");
  }
  finding.figures = {{"requests", requests},
                     {"mean_ms", total_ms / requests},
                     {"server_share", sums.server_ms / total_ms},
                     {"rendering_share", rendering},
                     {"network_share", network}};
  out.push_back(std::move(finding));
}

}  // namespace qaio
