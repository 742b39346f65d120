// What clients waited beside the server, by what they said.
#include <vector>

#include "report/findings.h"

namespace qaio {
namespace {

constexpr size_t kRequestsMin = 5;
constexpr double kShareMin = 0.10;  // of the client's time: worth doing something about

void explain(Language in, bool network, bool rendering, Finding& finding) {
  std::vector<std::string> advice;
  if (!network && !rendering) {
    finding.meaning = say(in, "People wait for the server, not for the network or their browser.",
                          "用户等的是服务器，而不是网络或浏览器。");
    finding.advice =
        say(in, "The other findings say where to begin.", "从其他结论指出的地方着手。");
    return;
  }
  finding.meaning =
      say(in, "A part of the wait is not the server's: {}.", "一部分等待不在服务器：{}。",
          network && rendering ? say(in, "network and browser", "网络和浏览器")
          : network            ? say(in, "the network", "网络")
                               : say(in, "the browser", "浏览器"));
  if (network)
    advice.push_back(
        say(in,
            "Look at the connection, and at proxies that collect an answer before they pass it "
            "on.",
            "检查连接，以及先收集回答再转发的代理。"));
  if (rendering)
    advice.push_back(say(in, "Show answers with less work, or shorter ones.",
                         "减少显示回答的工作，或缩短回答。"));
  finding.advice = sentences_text(in, advice);
}

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
  const Language in = input.language;
  const ClientTimeSums& sums = input.clients;
  const double total_ms = sums.total_ms();
  if (sums.requests < kRequestsMin || total_ms <= 0) return;
  const auto requests = static_cast<double>(sums.requests);
  const double network = sums.network_ms / total_ms;
  const double rendering = sums.rendering_ms / total_ms;
  Finding finding{.id = "client_time"};
  finding.statement = say(
      in,
      "Clients waited {} ms on average: server {:.0f} %, rendering {:.0f} %, network {:.0f} %, "
      "over the "
      "{} requests that they reported.",
      "客户端平均等待 {} ms：服务器 {:.0f} %，渲染 {:.0f} %，网络 {:.0f} %（报告了 {} 个请求）。",
      ms_text(total_ms / requests), 100 * sums.server_ms / total_ms, 100 * rendering, 100 * network,
      sums.requests);
  explain(in, network >= kShareMin, rendering >= kShareMin, finding);
  if (rendering >= kShareMin) {
    finding.evidence.push_back(say(
        in, "Showing the answer takes {} ms on average: that time is the page's, or its device's.",
        "显示回答平均用 {} ms：这是页面或设备的时间。", ms_text(sums.rendering_ms / requests)));
  }
  if (network >= kShareMin) {
    finding.evidence.push_back(say(in, "{} ms on average pass between server and client.",
                                   "服务器与客户端之间平均经过 {} ms。",
                                   ms_text(sums.network_ms / requests)));
  }
  finding.figures = {{"requests", requests},
                     {"mean_ms", total_ms / requests},
                     {"server_share", sums.server_ms / total_ms},
                     {"rendering_share", rendering},
                     {"network_share", network}};
  out.push_back(std::move(finding));
}

}  // namespace qaio
