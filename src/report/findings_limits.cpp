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

std::string decode_text(Language in, double share) {
  if (share > 1) {
    return say(in, "more than memory allows: the weights stay in the caches",
               "超过内存的速度：权重留在缓存中");
  }
  if (share >= kNear) return say(in, "only fewer bytes can help much", "只有减少字节才有明显作用");
  return say(in, "memory is not what bounds it", "瓶颈不是内存");
}

std::string prefill_text(Language in, double share) {
  if (share >= kNear) return say(in, "only fewer tokens can help much", "只有减少词元才有明显作用");
  return say(in, "arithmetic is not what bounds it", "瓶颈不是算力");
}

void explain(Language in, bool decode_near, bool prefill_near, Finding& finding) {
  if (!decode_near && !prefill_near) {
    finding.meaning = say(in, "The machine is not used up: it could be faster than it is.",
                          "机器还有余力：本可以更快。");
    finding.advice = say(in,
                         "Keep other programs off its cores, and try other numbers of threads "
                         "(qaio bench).",
                         "不要让其他程序占用核心，并尝试其他线程数（qaio bench）。");
    return;
  }
  finding.meaning = say(in, "The machine gives what it can: only less work makes requests faster.",
                        "机器已接近极限：只有减少工作量才能更快。");
  std::vector<std::string> advice;
  if (decode_near) {
    advice.push_back(
        say(in,
            "For faster writing take a smaller or more strongly quantized model; "
            "requests at once share each reading of the weights.",
            "要生成更快，请用更小或量化程度更高的模型；同时处理的请求共用一次权重读取。"));
  }
  if (prefill_near) {
    advice.push_back(say(in, "For faster reading shorten prompts, or let them begin alike.",
                         "要读取更快，请缩短提示词，或让它们的开头一致。"));
  }
  finding.advice = sentences_text(in, advice);
}

}  // namespace

void find_limits(const FindingInput& input, std::vector<Finding>& out) {
  if (!input.limits) return;
  const Language in = input.language;
  const PhysicalLimits& limits = *input.limits;
  bool decode_near = false;
  bool prefill_near = false;
  Finding finding{.id = "physical_limits"};
  std::vector<std::string> parts;
  const std::vector<double> decode = decode_gb_s(input.set, limits.bytes_per_token);
  if (decode.size() >= kRequestsMin && limits.read_gb_s > 0 && limits.bytes_per_token > 0) {
    const double rate = median(decode);
    const double share = rate / limits.read_gb_s;
    decode_near = share >= kNear;
    parts.push_back(say(in, "decode moves {:.1f} of {:.1f} GB/s",
                        "生成时搬运 {:.1f} GB/s（上限 {:.1f}）", rate, limits.read_gb_s));
    finding.evidence.push_back(say(in, "Decode: {:.0f} % of memory's speed; {} ({} answers).",
                                   "生成：达到内存速度的 {:.0f} %；{}（{} 个回答）。", 100 * share,
                                   decode_text(in, share), decode.size()));
    finding.figures.emplace_back("decode_gb_s", rate);
    finding.figures.emplace_back("decode_share", share);
  }
  const std::vector<double> prefill = prefill_gop_s(input.set, limits.gop_per_token);
  if (prefill.size() >= kRequestsMin && limits.int8_gop_s > 0 && limits.gop_per_token > 0) {
    const double rate = median(prefill);
    const double share = rate / limits.int8_gop_s;
    prefill_near = share >= kNear;
    parts.push_back(say(in, "prefill computes {:.0f} of {:.0f} Gop/s",
                        "读取时计算 {:.0f} Gop/s（上限 {:.0f}）", rate, limits.int8_gop_s));
    finding.evidence.push_back(
        say(in, "Prefill: {:.0f} % of the int8 peak; {} ({} requests alone in their steps).",
            "读取：达到 int8 峰值的 {:.0f} %；{}（{} 个独占计算步的请求）。", 100 * share,
            prefill_text(in, share), prefill.size()));
    finding.figures.emplace_back("prefill_gop_s", rate);
    finding.figures.emplace_back("prefill_share", share);
  }
  if (parts.empty()) return;
  explain(in, decode_near, prefill_near, finding);
  if (in == Language::kEnglish) parts[0][0] = static_cast<char>(std::toupper(parts[0][0]));
  finding.statement = say(in, "{}.", "{}。", clauses_text(in, parts));
  out.push_back(std::move(finding));
}

}  // namespace qaio
