#include "slo/slo_command.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include "base/draining_queue.h"
#include "slo/child_process.h"
#include "slo/slo_json.h"

namespace qaio {
namespace {

constexpr size_t kQueueMax = 64;  // alerts that wait; more are dropped
constexpr auto kDrainTime = std::chrono::seconds(2);

class Command final : public SloAction {
 public:
  Command(SloActionConfig config, SloActionSetting setting)
      : config_(std::move(config)), setting_(std::move(setting)), thread_([this] { run(); }) {}
  ~Command() override;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  bool wants(const SloRule& rule) const override { return config_.wants(rule.name); }
  void changed(const SloStatus& status) override;
  void begin_stop() final { queue_.begin_stop(); }
  SloActionCounts counts() const override {
    return {.name = config_.name, .sent = sent_, .failed = failed_, .dropped = dropped_};
  }

 private:
  ChildCommand child_for(const SloStatus& status) const;
  void run();
  void run_one(const ChildCommand& child);
  void report(const std::string& problem) const {
    setting_.on_problem(fmt::format("SLA action '{}': {}", config_.name, problem));
  }

  const SloActionConfig config_;
  const SloActionSetting setting_;
  std::atomic<uint64_t> sent_ = 0;
  std::atomic<uint64_t> failed_ = 0;
  std::atomic<uint64_t> dropped_ = 0;
  DrainingQueue<ChildCommand> queue_{{.items_max = kQueueMax, .drain_time = kDrainTime}};
  std::thread thread_;  // last: it uses the rest
};

Command::~Command() {
  begin_stop();
  thread_.join();
}

ChildCommand Command::child_for(const SloStatus& status) const {
  const SloRule& rule = status.rule;
  ChildCommand child;
  child.arguments = config_.command;
  child.environment = {
      {"QAIO_SLA_EVENT", std::string(slo_state_name(status.state))},
      {"QAIO_SLA_RULE", rule.name},
      {"QAIO_SLA_SEVERITY", rule.severity},
      {"QAIO_SLA_METRIC", rule.metric},
      {"QAIO_SLA_TASK", rule.task},
      {"QAIO_SLA_VALUE", status.value ? fmt::format("{:.6g}", *status.value) : ""},
      {"QAIO_SLA_THRESHOLD", fmt::format("{:.6g}", status.threshold)},
      {"QAIO_SLA_UNIT", std::string(slo_unit_name(rule.unit()))},
      {"QAIO_SLA_SUMMARY", slo_sentence(status)},
      {"QAIO_SLA_INSTANCE", setting_.instance()},
  };
  child.input = alert_json(status, setting_.instance(), setting_.clock->wall_unix_ms()) + "\n";
  child.timeout = std::chrono::milliseconds(config_.timeout_ns / 1'000'000);
  return child;
}

void Command::changed(const SloStatus& status) {
  if (!is_alert(status.state)) return;
  if (queue_.push(child_for(status))) return;
  ++dropped_;
  report(fmt::format("{} alerts wait for it already: one is dropped", kQueueMax));
}

void Command::run() {
  while (const std::optional<ChildCommand> child = queue_.next()) {
    try {
      run_one(*child);
    } catch (const std::exception&) {  // out of memory
      ++failed_;
    }
  }
  size_t left = 0;
  while (queue_.rest()) ++left;
  dropped_ += left;
  if (left > 0) report(fmt::format("{} not run before the end", left));
}

void Command::run_one(const ChildCommand& child) {
  const Result<void> ran = run_child(child, [this] { return queue_.out_of_time(); });
  ++(ran ? sent_ : failed_);
  if (!ran) report(fmt::format("{}: {}", child.arguments.front(), ran.error().message));
}

}  // namespace

std::unique_ptr<SloAction> make_command(const SloActionConfig& config,
                                        const SloActionSetting& setting) {
  return std::make_unique<Command>(config, setting);
}

}  // namespace qaio
