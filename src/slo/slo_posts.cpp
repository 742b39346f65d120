#include "slo/slo_posts.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/json_writer.h"
#include "base/time_units.h"
#include "base/utc_text.h"
#include "slo/slo_json.h"

namespace qaio {
namespace {

// Of an Alertmanager: the next repeat says it all again, and anew.
constexpr int kRepeatedAttemptsMax = 3;
constexpr size_t kRepeatedPostsMax = 16;

HttpSender::Options sender_options(const SloActionConfig& config, const SloActionSetting& setting) {
  HttpSender::Options options;
  options.url = config.url;
  options.headers = {{"Content-Type", "application/json"}};
  options.timeout = std::chrono::milliseconds(config.timeout_ns / kMsNs);
  options.on_problem = options.on_retry = [say = setting.on_problem,
                                           name = config.name](const std::string& problem) {
    say(fmt::format("SLA action '{}': {}", name, problem));
  };
  return options;
}

class PostAction : public SloAction {
 public:
  PostAction(SloActionConfig config, SloActionSetting setting, std::unique_ptr<HttpSender> sender)
      : config_(std::move(config)), setting_(std::move(setting)), sender_(std::move(sender)) {}

  bool wants(const SloRule& rule) const override { return config_.wants(rule.name); }
  void begin_stop() override { sender_->begin_stop(); }
  SloActionCounts counts() const override {
    const HttpSendCounts posts = sender_->counts();
    return {
        .name = config_.name, .sent = posts.sent, .failed = posts.failed, .dropped = posts.dropped};
  }

 protected:
  const SloActionConfig config_;
  const SloActionSetting setting_;
  const std::unique_ptr<HttpSender> sender_;
};

class Webhook final : public PostAction {
 public:
  using PostAction::PostAction;

  void changed(const SloStatus& status) override {
    if (!is_alert(status.state)) return;
    HttpPost post;
    post.body = alert_json(status, setting_.instance(), setting_.clock->wall_unix_ms());
    if (!config_.secret.empty()) {
      post.headers.emplace_back(kWebhookSignatureHeader,
                                webhook_signature(config_.secret, post.body));
    }
    sender_->send(std::move(post));
  }
};

class Alertmanager final : public PostAction {
 public:
  using PostAction::PostAction;

  void changed(const SloStatus& status) override {
    if (is_alert(status.state)) repeat_at_ns_ = 0;
  }
  bool wants_repeat(TimeNs now) const override { return now >= repeat_at_ns_; }
  void repeat(std::span<const SloStatus> all, TimeNs now) override {
    repeat_at_ns_ = now + config_.repeat_ns;
    std::string body = alertmanager_json(all, config_, setting_);
    if (body != "[]") sender_->send({.body = std::move(body), .headers = {}});
  }

 private:
  TimeNs repeat_at_ns_ = 0;
};

void write_labels(const SloRule& rule, const SloActionConfig& config,
                  const SloActionSetting& setting, JsonWriter& json) {
  json.key("labels").begin_object();
  json.key("alertname").string(rule.name);
  json.key("metric").string(rule.metric);
  json.key("severity").string(rule.severity);
  json.key("instance").string(setting.instance());
  if (!rule.task.empty()) json.key("task").string(rule.task);
  for (const auto& [name, value] : config.labels) json.key(name).string(value);
  json.end_object();
}

}  // namespace

std::string webhook_signature(std::string_view secret, std::string_view body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data(), &size);
  std::string text = "sha256=";
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string alertmanager_json(std::span<const SloStatus> all, const SloActionConfig& config,
                              const SloActionSetting& setting) {
  constexpr int kRepeatsUntilEnd = 4;
  const int64_t now = setting.clock->wall_unix_ms();
  std::string body;
  JsonWriter json(body);
  json.begin_array();
  for (const SloStatus& status : all) {
    if (!is_alert(status.state) || !config.wants(status.rule.name)) continue;
    const bool fires = status.state == SloState::kFiring;
    const int64_t ends =
        fires ? std::max(now, status.starts_unix_ms) + kRepeatsUntilEnd * config.repeat_ns / kMsNs
              : status.ends_unix_ms;
    json.begin_object();
    write_labels(status.rule, config, setting, json);
    json.key("annotations").begin_object();
    json.key("summary").string(slo_sentence(status));
    json.key("error_budget_remaining")
        .string(fmt::format("{:.3g}", budget_remaining(status.budget, status.rule.objective)));
    json.end_object();
    json.key("startsAt").string(utc_text(status.starts_unix_ms));
    json.key("endsAt").string(utc_text(ends));
    json.key("generatorURL").string(fmt::format("http://{}/slo", setting.instance()));
    json.end_object();
  }
  json.end_array();
  return body;
}

Result<std::unique_ptr<SloAction>> make_webhook(const SloActionConfig& config,
                                                const SloActionSetting& setting) {
  QAIO_ASSIGN(auto sender, HttpSender::create(sender_options(config, setting)));
  return std::make_unique<Webhook>(config, setting, std::move(sender));
}

Result<std::unique_ptr<SloAction>> make_alertmanager(const SloActionConfig& config,
                                                     const SloActionSetting& setting) {
  HttpSender::Options options = sender_options(config, setting);
  while (options.url.ends_with('/')) options.url.pop_back();
  options.url += "/api/v2/alerts";
  options.attempts_max = kRepeatedAttemptsMax;
  options.queue_posts_max = kRepeatedPostsMax;
  QAIO_ASSIGN(auto sender, HttpSender::create(std::move(options)));
  return std::make_unique<Alertmanager>(config, setting, std::move(sender));
}

}  // namespace qaio
