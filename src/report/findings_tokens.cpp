// Findings about what tokens cost, and what the prefix cache spares.
#include <fmt/format.h>

#include "report/findings.h"
#include "report/service_fit.h"

namespace qaio {
namespace {

constexpr size_t kOutliersShown = 5;
constexpr double kCharsExplainedMin = 0.5;
constexpr double kCachedShareMin = 0.05;

// Tokens of a prompt per character of the input.
std::optional<double> tokens_per_char(const CompactRecords& set, uint32_t task,
                                      const ServiceFit& service) {
  std::vector<std::vector<double>> chars;
  std::vector<double> tokens;
  for (const size_t i : service.items) {
    const CompactRecord& request = *set.requests[i];
    if (request.input_chars == 0) continue;
    chars.push_back({static_cast<double>(request.input_chars)});
    tokens.push_back(static_cast<double>(find_task(request, task)->prompt_tokens));
  }
  if (tokens.size() < kFitRequestsMin) return std::nullopt;
  const auto fit = fit_linear(chars, tokens);
  if (!fit || fit->explained < kCharsExplainedMin || fit->coefficients[1] <= 0) return std::nullopt;
  return fit->coefficients[1];
}

std::string costs_text(Language in, const ServiceFit& service) {
  std::vector<std::string> costs;
  if (service.ms_per_prompt_token > 0)
    costs.push_back(say(in, "{:.3g} ms per prompt token", "每个提示词元 {:.3g} ms",
                        service.ms_per_prompt_token));
  if (service.ms_per_output_token > 0)
    costs.push_back(say(in, "{:.3g} ms per generated token", "每个生成词元 {:.3g} ms",
                        service.ms_per_output_token));
  if (service.ms_per_neighbour_token > 0)
    costs.push_back(say(in, "{:.3g} ms more per generated token and request beside it",
                        "旁边每多一个请求，每个生成词元再加 {:.3g} ms",
                        service.ms_per_neighbour_token));
  return list_text(in, costs);
}

std::string explained_text(Language in, const ServiceFit& service) {
  std::vector<std::string> parts;
  if (service.ms_per_prompt_token > 0)
    parts.push_back(say(in, "{:.0f} % of prefill's", "读取用时变化的 {:.0f} %",
                        100 * service.prefill.fit.explained));
  if (service.ms_per_output_token + service.ms_per_neighbour_token > 0)
    parts.push_back(say(in, "{:.0f} % of decode's", "生成用时变化的 {:.0f} %",
                        100 * service.decode.fit.explained));
  return say(in, "Tokens explain {} variation.", "词元数解释了{}。",
             fmt::format("{}", fmt::join(parts, in == Language::kChinese ? " 和" : " and ")));
}

std::string outliers_text(Language in, const CompactRecords& set, const ServiceFit& service) {
  std::vector<std::string> shown;
  for (const size_t i : service.outliers) {
    if (shown.size() == kOutliersShown) break;
    shown.push_back(fmt::format("{} ({:+.1f} ms)", set.id_of(*set.requests[service.items[i]]),
                                service.residuals_ms[i]));
  }
  const size_t count = service.outliers.size();
  const bool more = count > shown.size();
  return say(in, "They do not explain {0} request{1}: {2}{3}.",
             "有 {0} 个请求不能用它解释：{2}{3}。", count, count == 1 ? "" : "s",
             list_text(in, shown), more ? say(in, " and more", " 等") : "");
}

std::string sample_text(Language in, const ServiceFit& service) {
  if (service.items.size() == service.requests)
    return say(in, "{} requests", "{} 个请求", service.requests);
  return say(in, "{} of {} requests, evenly chosen", "{1} 个请求中均匀抽取的 {0} 个",
             service.items.size(), service.requests);
}

// What a typical request spends on tokens, and with that, where to save.
void explain_costs(const FindingInput& input, uint32_t task, const ServiceFit& service,
                   Finding& finding) {
  const Language in = input.language;
  double prompt = 0;
  double output = 0;
  for (const size_t i : service.items) {
    const CompactTask* facts = find_task(*input.set.requests[i], task);
    prompt += static_cast<double>(computed_tokens(*facts));
    output += facts->completion_tokens;
  }
  const auto count = static_cast<double>(service.items.size());
  const double prompt_ms = prompt / count * service.ms_per_prompt_token;
  const double output_ms = output / count * service.ms_per_output_token;
  std::vector<std::string> parts;
  if (prompt_ms > 0)
    parts.push_back(say(in, "{} ms for reading {:.0f} tokens", "读取 {1:.0f} 个词元用 {0} ms",
                        ms_text(prompt_ms), prompt / count));
  if (output_ms > 0)
    parts.push_back(say(in, "{} ms for writing {:.0f}", "生成 {1:.0f} 个词元用 {0} ms",
                        ms_text(output_ms), output / count));
  finding.meaning =
      parts.empty()
          ? say(in, "A request to {} takes longer the more others are computed beside it.",
                "旁边同时计算的请求越多，{} 的请求用时越长。", input.set.tasks[task])
          : say(in, "How long a request to {} takes follows from its length: on average {}.",
                "{} 的用时由长度决定：平均{}。", input.set.tasks[task], list_text(in, parts));
  std::vector<std::string> advice;
  if (output_ms > 0 && output_ms >= prompt_ms) {
    advice.push_back(say(in, "Save on what it writes: 10 tokens fewer are {} ms.",
                         "从输出节省：每少 10 个词元省 {} ms。",
                         ms_text(10 * service.ms_per_output_token)));
  } else if (prompt_ms > 0) {
    advice.push_back(say(in, "Save on what it reads: 100 prompt tokens fewer are {} ms.",
                         "从输入节省：每少 100 个提示词元省 {} ms。",
                         ms_text(100 * service.ms_per_prompt_token)));
  } else {
    advice.push_back(
        say(in, "Compute fewer at once (--parallel).", "减少同时计算的请求（--parallel）。"));
  }
  if (!service.outliers.empty()) {
    advice.push_back(say(in, "Look at the requests that length does not explain.",
                         "查看长度不能解释的那些请求。"));
  }
  finding.advice = sentences_text(in, advice);
}

}  // namespace

void find_token_costs(const FindingInput& input, std::vector<Finding>& out) {
  const Language in = input.language;
  for (const uint32_t task : input.tasks) {
    const auto& service = input.fits[task];
    if (!service) continue;
    const double known = service->ms_per_prompt_token + service->ms_per_output_token +
                         service->ms_per_neighbour_token;
    if (known <= 0) continue;
    Finding finding{.id = "token_costs"};
    explain_costs(input, task, *service, finding);
    finding.statement = say(in, "{} in the model: {}.", "{} 在模型中：{}。", input.set.tasks[task],
                            costs_text(in, *service));
    const auto per_char = tokens_per_char(input.set, task, *service);
    if (per_char && service->ms_per_prompt_token > 0) {
      const double cost_ms = 100 * *per_char * service->ms_per_prompt_token;
      finding.evidence.push_back(say(
          in, "100 more characters of input cost {} ms ({:.2f} tokens per character).",
          "输入每多 100 个字符用 {} ms（每个字符 {:.2f} 个词元）。", ms_text(cost_ms), *per_char));
      finding.figures.emplace_back("per_100_chars_ms", cost_ms);
    }
    finding.evidence.push_back(explained_text(in, *service));
    finding.evidence.push_back(say(in, "Typical error of the fit {} ms over {}.",
                                   "拟合的典型误差为 {} ms（{}）。", ms_text(service->deviation_ms),
                                   sample_text(in, *service)));
    if (!service->outliers.empty())
      finding.evidence.push_back(outliers_text(in, input.set, *service));
    finding.figures.emplace_back("per_prompt_token_ms", service->ms_per_prompt_token);
    finding.figures.emplace_back("per_output_token_ms", service->ms_per_output_token);
    finding.figures.emplace_back("per_neighbour_token_ms", service->ms_per_neighbour_token);
    finding.figures.emplace_back("prefill_explained", service->prefill.fit.explained);
    finding.figures.emplace_back("decode_explained", service->decode.fit.explained);
    finding.figures.emplace_back("outliers", static_cast<double>(service->outliers.size()));
    out.push_back(std::move(finding));
  }
}

void find_prefix_cache(const FindingInput& input, std::vector<Finding>& out) {
  const Language in = input.language;
  for (const uint32_t task : input.tasks) {
    const auto& service = input.fits[task];
    if (!service || service->ms_per_prompt_token <= 0) continue;
    double prompt = 0;
    double cached = 0;
    for (const CompactRecord* request : input.set.requests) {
      const CompactTask* facts = request->answered() ? find_task(*request, task) : nullptr;
      if (facts == nullptr || facts->prefill_steps == 0) continue;
      prompt += facts->prompt_tokens;
      cached += facts->cached_tokens;
    }
    if (cached < kCachedShareMin * prompt) continue;
    const double spared_ms =
        cached / static_cast<double>(service->requests) * service->ms_per_prompt_token;
    Finding finding{.id = "prefix_cache"};
    finding.meaning =
        say(in, "What prompts of {} have in common is computed once: people wait {} ms less.",
            "{} 的提示词中相同的部分只计算一次：用户少等 {} ms。", input.set.tasks[task],
            ms_text(spared_ms));
    finding.advice =
        say(in, "Keep it so: what stays the same at a prompt's beginning, what changes at its end.",
            "请保持：不变的内容放在提示词开头，变化的放在末尾。");
    finding.statement =
        say(in,
            "{}: the prefix cache held {:.0f} % of all prompt tokens and spared about {} ms "
            "per request.",
            "{}：前缀缓存命中了 {:.0f} % 的提示词元，每个请求约省 {} ms。", input.set.tasks[task],
            100 * cached / prompt, ms_text(spared_ms));
    finding.evidence.push_back(say(in, "{:.0f} of {:.0f} tokens, at {:.3g} ms each.",
                                   "{1:.0f} 个词元中的 {0:.0f} 个，每个 {2:.3g} ms。", cached,
                                   prompt, service->ms_per_prompt_token));
    finding.figures = {{"cached_share", cached / prompt}, {"spared_ms", spared_ms}};
    out.push_back(std::move(finding));
  }
}

}  // namespace qaio
