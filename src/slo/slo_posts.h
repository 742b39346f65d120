// Alerts sent by HTTP: to a webhook, to a Prometheus Alertmanager. docs/slo.md describes both.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_sender.h"
#include "slo/slo_action.h"

namespace qaio {

// What every action needs beside its configuration.
struct SloActionSetting {
  std::function<std::string()> instance;  // tells servers apart; asked for each alert
  const Clock* clock = nullptr;           // outlives the action
  // One sentence; from any thread.
  std::function<void(const std::string& problem)> on_problem;
};

// "sha256=" and the HMAC-SHA256 of `body` in hexadecimal, as GitHub signs its webhooks.
std::string webhook_signature(std::string_view secret, std::string_view body);
inline constexpr const char* kWebhookSignatureHeader = "X-Qaio-Signature-256";

// The body of POST /api/v2/alerts: all alerts that fire, or that were resolved a short time ago and
// whose end may not have arrived. What fires ends by itself 4 repeats from now, should nobody
// repeat it. "[]" for none.
std::string alertmanager_json(std::span<const SloStatus> all, const SloActionConfig& config,
                              const SloActionSetting& setting);

// Errors are those of HttpSender::create().
Result<std::unique_ptr<SloAction>> make_webhook(const SloActionConfig& config,
                                                const SloActionSetting& setting);
Result<std::unique_ptr<SloAction>> make_alertmanager(const SloActionConfig& config,
                                                     const SloActionSetting& setting);

}  // namespace qaio
