// Finding: how near prefill and decode come to what the hardware allows.
#include <fmt/format.h>

#include <algorithm>

#include "report/findings.h"
#include "report/service_fit.h"
#include "stats/statistics.h"

namespace qaio {
namespace {

constexpr size_t kRequestsMin = 10;
constexpr double kNear = 0.7;            // of a limit: only less work can help much
constexpr double kPromptTokensMin = 16;  // below, a step is bound by reading weights

// 10^9 bytes per second that each request's decode steps moved: every step reads the weights once,
// however many sequences share it.
std::vector<double> decode_gb_s(const CompactRecords& set, double bytes_per_token) {
  std::vector<double> rates;
  for (const CompactRecord* request : set.requests) {
    if (!request->answered()) continue;
    for (const CompactTask& task : request->tasks) {
      if (task.completion_tokens < 2 || task.decode_steps == 0 || task.forward_ns <= 0) continue;
      rates.push_back(bytes_per_token * task.decode_steps / static_cast<double>(task.forward_ns));
    }
  }
  return rates;
}

// 10^9 operations per second of requests alone in their prefill steps. With tasks side by side, the
// steps are shared: all tasks' tokens over the time from the first prefill's begin to the last's
// end.
std::vector<double> prefill_gop_s(const CompactRecords& set, double gop_per_token) {
  std::vector<double> rates;
  for (const CompactRecord* request : set.requests) {
    if (!request->answered()) continue;
    int64_t tokens = 0;
    uint32_t batch = 0;
    TimeNs begin = INT64_MAX;
    TimeNs end = 0;
    for (const CompactTask& task : request->tasks) {
      tokens += computed_tokens(task);
      batch = std::max(batch, task.batch_max);
      if (task.prefill_end_ns == 0) continue;
      begin = std::min(begin, task.prefill_begin_ns);
      end = std::max(end, task.prefill_end_ns);
    }
    const bool alone = batch <= request->tasks.size();
    if (!alone || end <= begin || static_cast<double>(tokens) < kPromptTokensMin) continue;
    rates.push_back(gop_per_token * static_cast<double>(tokens) /
                    (static_cast<double>(end - begin) / 1e9));
  }
  return rates;
}

std::string advice(double share, std::string_view less, std::string_view what) {
  if (share > 1) return fmt::format("more than {} allows: the weights stay in the caches", what);
  if (share >= kNear) return fmt::format("only {} can help much", less);
  return fmt::format("{} is not what bounds it", what);
}

}  // namespace

void find_limits(const FindingInput& input, std::vector<Finding>& out) {
  if (!input.limits) return;
  const PhysicalLimits& limits = *input.limits;
  Finding finding{.id = "physical_limits"};
  std::vector<std::string> parts;
  const std::vector<double> decode = decode_gb_s(input.set, limits.bytes_per_token);
  if (decode.size() >= kRequestsMin && limits.read_gb_s > 0 && limits.bytes_per_token > 0) {
    const double rate = median(decode);
    parts.push_back(fmt::format("decode moves {:.1f} of {:.1f} GB/s", rate, limits.read_gb_s));
    finding.evidence.push_back(fmt::format(
        "Decode: {:.0f} % of memory's speed; {} ({} answers).", 100 * rate / limits.read_gb_s,
        advice(rate / limits.read_gb_s, "fewer bytes", "memory"), decode.size()));
    finding.figures.emplace_back("decode_gb_s", rate);
    finding.figures.emplace_back("decode_share", rate / limits.read_gb_s);
  }
  const std::vector<double> prefill = prefill_gop_s(input.set, limits.gop_per_token);
  if (prefill.size() >= kRequestsMin && limits.int8_gop_s > 0 && limits.gop_per_token > 0) {
    const double rate = median(prefill);
    parts.push_back(
        fmt::format("prefill computes {:.0f} of {:.0f} Gop/s", rate, limits.int8_gop_s));
    finding.evidence.push_back(fmt::format(
        "Prefill: {:.0f} % of the int8 peak; {} ({} requests alone in their steps).",
        100 * rate / limits.int8_gop_s,
        advice(rate / limits.int8_gop_s, "fewer tokens", "arithmetic"), prefill.size()));
    finding.figures.emplace_back("prefill_gop_s", rate);
    finding.figures.emplace_back("prefill_share", rate / limits.int8_gop_s);
  }
  if (parts.empty()) return;
  finding.statement = fmt::format("{}.", fmt::join(parts, "; "));
  finding.statement[0] = static_cast<char>(std::toupper(finding.statement[0]));
  out.push_back(std::move(finding));
}

}  // namespace qaio
