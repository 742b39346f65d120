#include "telemetry/key_metrics.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "record/outcome.h"
#include "telemetry/metric_families.h"

namespace qaio {
namespace {

// Of what a key that is known was refused for; as the answers' codes have it.
constexpr auto kReasons = std::to_array<std::pair<KeyRefusal, std::string_view>>({
    {KeyRefusal::kExpired, "expired"},
    {KeyRefusal::kScope, "scope"},
    {KeyRefusal::kRequestsMax, "requests_max"},
    {KeyRefusal::kRate, "requests_per_minute"},
    {KeyRefusal::kTokenRate, "tokens_per_minute"},
});

MetricValue of_key(const KeyFigures& figures, uint64_t value) {
  return labelled("api_key", figures.key.name, value);
}

MetricValue of_key(const KeyFigures& figures, std::string_view label, std::string_view name,
                   uint64_t value) {
  MetricValue all = of_key(figures, value);
  all.labels.push_back({std::string(label), std::string(name)});
  return all;
}

}  // namespace

std::vector<prometheus::MetricFamily> key_metrics(const KeyRingFigures& figures) {
  std::vector<MetricValue> requests;
  std::vector<MetricValue> refusals;
  std::vector<MetricValue> prompt_tokens;
  std::vector<MetricValue> generated_tokens;
  std::vector<MetricValue> running;
  std::vector<MetricValue> expiry;
  for (const KeyFigures& key : figures.keys) {
    for (size_t i = 0; i < kOutcomeCount; ++i) {
      requests.push_back(
          of_key(key, "outcome", outcome_name(static_cast<Outcome>(i)), key.requests[i]));
    }
    for (const auto& [refusal, reason] : kReasons) {
      refusals.push_back(of_key(key, "reason", reason, key.refusals[static_cast<size_t>(refusal)]));
    }
    prompt_tokens.push_back(of_key(key, key.prompt_tokens));
    generated_tokens.push_back(of_key(key, key.completion_tokens));
    running.push_back(of_key(key, key.running));
    if (key.key.expires_unix_ms) {
      expiry.push_back(of_key(key, static_cast<uint64_t>(*key.key.expires_unix_ms / 1000)));
    }
  }
  MetricFamilies out;
  out.counter("qaio_api_key_requests_total",
              "Requests that ended and came with the key, by what became of them.",
              std::move(requests));
  out.counter("qaio_api_key_refusals_total", "Requests with the key that were refused for it.",
              std::move(refusals));
  out.counter("qaio_api_key_prompt_tokens_total",
              "Tokens of prompts that came with the key, cached ones included.",
              std::move(prompt_tokens));
  out.counter("qaio_api_key_generated_tokens_total", "Tokens drawn for the key.",
              std::move(generated_tokens));
  out.gauge("qaio_api_key_requests_running",
            "Requests to the model with the key that are not done.", std::move(running));
  out.gauge("qaio_api_key_expiry_timestamp_seconds", "When the key expires, Unix time.",
            std::move(expiry));
  out.gauge("qaio_api_keys", "Keys in force, expired ones included.",
            static_cast<double>(figures.keys.size()));
  out.counter("qaio_unauthorized_requests_total",
              "Requests without a key, and with one that is none of the server's.",
              {labelled("reason", "missing", figures.missing),
               labelled("reason", "invalid", figures.invalid)});
  return out.take();
}

}  // namespace qaio
