// Findings about what tokens cost, and what the prefix cache spares.
#include <fmt/format.h>

#include <algorithm>

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

std::string costs_text(const ServiceFit& service) {
  std::vector<std::string> costs;
  if (service.ms_per_prompt_token > 0)
    costs.push_back(fmt::format("{:.3g} ms per prompt token", service.ms_per_prompt_token));
  if (service.ms_per_output_token > 0)
    costs.push_back(fmt::format("{:.3g} ms per generated token", service.ms_per_output_token));
  if (service.ms_per_neighbour_token > 0)
    costs.push_back(fmt::format("{:.3g} ms more per generated token and request beside it",
                                service.ms_per_neighbour_token));
  return fmt::format("{}", fmt::join(costs, ", "));
}

std::string explained_text(const ServiceFit& service) {
  std::vector<std::string> parts;
  if (service.ms_per_prompt_token > 0)
    parts.push_back(fmt::format("{:.0f} % of prefill's", 100 * service.prefill.fit.explained));
  if (service.ms_per_output_token + service.ms_per_neighbour_token > 0)
    parts.push_back(fmt::format("{:.0f} % of decode's", 100 * service.decode.fit.explained));
  return fmt::format("Tokens explain {} variation.", fmt::join(parts, " and "));
}

std::string outliers_text(const CompactRecords& set, const ServiceFit& service) {
  std::vector<std::string> shown;
  for (const size_t i : service.outliers) {
    if (shown.size() == kOutliersShown) break;
    shown.push_back(fmt::format("{} ({:+.1f} ms)", set.id_of(*set.requests[service.items[i]]),
                                service.residuals_ms[i]));
  }
  const size_t count = service.outliers.size();
  return fmt::format("They do not explain {} request{}: {}{}.", count, count == 1 ? "" : "s",
                     fmt::join(shown, ", "), count > shown.size() ? " and more" : "");
}

std::string sample_text(const ServiceFit& service) {
  if (service.items.size() == service.requests) return fmt::format("{} requests", service.requests);
  return fmt::format("{} of {} requests, evenly chosen", service.items.size(), service.requests);
}

}  // namespace

void find_token_costs(const FindingInput& input, std::vector<Finding>& out) {
  for (const uint32_t task : input.tasks) {
    const auto& service = input.fits[task];
    if (!service) continue;
    const double known = service->ms_per_prompt_token + service->ms_per_output_token +
                         service->ms_per_neighbour_token;
    if (known <= 0) continue;
    Finding finding{.id = "token_costs"};
    finding.statement =
        fmt::format("{} in the model: {}.", input.set.tasks[task], costs_text(*service));
    const auto per_char = tokens_per_char(input.set, task, *service);
    if (per_char && service->ms_per_prompt_token > 0) {
      const double cost_ms = 100 * *per_char * service->ms_per_prompt_token;
      finding.evidence.push_back(
          fmt::format("100 more characters of input cost {:.2g} ms ({:.2f} tokens per character).",
                      cost_ms, *per_char));
      finding.figures.emplace_back("per_100_chars_ms", cost_ms);
    }
    finding.evidence.push_back(explained_text(*service));
    finding.evidence.push_back(fmt::format("Typical error of the fit {:.2g} ms over {}.",
                                           service->deviation_ms, sample_text(*service)));
    if (!service->outliers.empty()) finding.evidence.push_back(outliers_text(input.set, *service));
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
    finding.statement = fmt::format(
        "{}: the prefix cache held {:.0f} % of all prompt tokens and spared about {:.2g} ms per "
        "request.",
        input.set.tasks[task], 100 * cached / prompt, spared_ms);
    finding.evidence.push_back(fmt::format("{:.0f} of {:.0f} tokens, at {:.3g} ms each.", cached,
                                           prompt, service->ms_per_prompt_token));
    finding.figures = {{"cached_share", cached / prompt}, {"spared_ms", spared_ms}};
    out.push_back(std::move(finding));
  }
}

}  // namespace qaio
