// Finding: how long requests wait before anything is done for them.
#include <array>

#include "report/findings.h"
#include "stats/statistics.h"

namespace qaio {
namespace {

constexpr size_t kRequestsMin = 20;
constexpr double kQueueShareMin = 0.10;

void explain_queueing(Language in, double percent, bool behind_others, Finding& finding) {
  if (!finding.found) {
    finding.meaning = say(in, "Nobody waits in line: the machine keeps up with what it is asked.",
                          "几乎没有排队：机器跟得上请求。");
    return;
  }
  finding.meaning = say(in,
                        "People wait in line before the model begins with them: {:.0f} % of their "
                        "time.",
                        "模型开始处理之前，用户先在排队：占其时间的 {:.0f} %。", percent);
  finding.advice =
      behind_others
          ? say(in,
                "Give it more cores (--threads), shorten outputs, limit what one client sends at "
                "once (--client-requests-max), or "
                "let a second process take a part.",
                "增加核心（--threads），缩短输出，限制单个客户端的并发（--client-requests-"
                "max），或增加一个进程分担。")
          : say(in,
                "Keep other programs off the server's cores, or pin its threads (--pin-threads).",
                "不要让其他程序占用服务器的核心，或固定其线程（--pin-threads）。");
}

}  // namespace

void find_queueing(const FindingInput& input, std::vector<Finding>& out) {
  const Language in = input.language;
  std::vector<double> queues_ms;
  std::vector<double> ahead_ms;  // of those that found others waiting
  double total_ms = 0;
  for (const CompactRecord* request : input.set.requests) {
    if (!request->answered()) continue;
    const CompactTask& task = request->critical_task();
    queues_ms.push_back(to_ms(task.lane.stage_ns(Stage::kQueue)));
    // The first of its tasks to be submitted has none of its own before it.
    if (request->tasks.front().queued_ahead > 0) ahead_ms.push_back(queues_ms.back());
    total_ms += to_ms(request->lane.wall_ns());
  }
  if (queues_ms.size() < kRequestsMin || total_ms <= 0) return;
  const double queue_mean_ms = mean(queues_ms);
  const auto count = static_cast<double>(queues_ms.size());
  const double share = queue_mean_ms * count / total_ms;
  const std::vector<double> at = percentiles(queues_ms, std::array<double, 2>{50, 95});
  Finding finding{.id = "queueing", .found = share >= kQueueShareMin};
  finding.figures = {{"share", share}, {"mean_ms", queue_mean_ms}, {"p95_ms", at[1]}};
  explain_queueing(in, 100 * share, !ahead_ms.empty(), finding);
  if (finding.found) {
    finding.statement =
        say(in,
            "Requests wait {} ms on average before the engine begins with them: {:.0f} % of their "
            "time is queueing, {:.0f} % service.",
            "引擎开始之前，请求平均等待 {} ms：{:.0f} % 的时间在排队，{:.0f} % 在处理。",
            ms_text(queue_mean_ms), 100 * share, 100 * (1 - share));
    finding.evidence.push_back(say(in, "The median wait is {} ms, the 95th percentile {} ms.",
                                   "等待时间的中位数是 {} ms，95 分位数是 {} ms。", ms_text(at[0]),
                                   ms_text(at[1])));
  } else {
    finding.statement =
        say(in,
            "Requests hardly wait: {} ms on average before the engine begins with them, {:.2g} % "
            "of their time.",
            "请求几乎不等待：引擎开始之前平均 {} ms，占其时间的 {:.2g} %。", ms_text(queue_mean_ms),
            100 * share);
  }
  if (!ahead_ms.empty()) {
    finding.evidence.push_back(say(in, "{} of {} found others waiting and waited {} ms.",
                                   "{1} 个请求中有 {0} 个到达时已有人在等，它们等了 {2} ms。",
                                   ahead_ms.size(), queues_ms.size(), ms_text(mean(ahead_ms))));
  } else if (finding.found) {
    finding.evidence.push_back(
        say(in,
            "None found others waiting: a step was under way, or the engine's thread got no core "
            "at once.",
            "到达时都没有人在等：可能有一步计算正在进行，或引擎线程没有立即得到核心。"));
  }
  out.push_back(std::move(finding));
}

}  // namespace qaio
