// Whom a rule's alerts are told.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slo/slo_status.h"

namespace qaio {

struct SloActionConfig {
  static constexpr size_t kActionsMax = 8;
  enum class Kind : uint8_t { kWebhook, kAlertmanager, kCommand };
  Kind kind = Kind::kWebhook;
  std::string name;                // of all actions the only one
  std::vector<std::string> rules;  // whose alerts; empty: all
  std::string url;                 // of kWebhook, kAlertmanager
  std::string secret;              // of kWebhook: signs the body; empty: unsigned
  std::vector<std::pair<std::string, std::string>> labels;  // of kAlertmanager, of every alert
  int64_t repeat_ns = 60 * kSecondNs;                       // of kAlertmanager
  std::vector<std::string> command;                         // of kCommand: program and arguments
  int64_t timeout_ns = 10 * kSecondNs;                      // of an attempt, of a run

  bool wants(std::string_view rule) const {
    return rules.empty() || std::ranges::find(rules, rule) != rules.end();
  }
};

// What an action tells somebody of; the other states are for the log.
inline bool is_alert(SloState state) {
  return state == SloState::kFiring || state == SloState::kResolved;
}

// Since the start.
struct SloActionCounts {
  std::string name;
  uint64_t sent = 0;
  uint64_t failed = 0;
  uint64_t dropped = 0;
};

// Calls come from the observer's thread but for counts(), and must return at once.
class SloAction {
 public:
  virtual ~SloAction() = default;
  virtual bool wants(const SloRule& /*rule*/) const { return true; }
  // The rule's state has just become status.state.
  virtual void changed(const SloStatus& status) = 0;
  // Whether it is time for repeat() with how all rules stand.
  virtual bool wants_repeat(TimeNs /*now*/) const { return false; }
  virtual void repeat(std::span<const SloStatus> /*all*/, TimeNs /*now*/) {}
  // Nothing follows: what waits has its time from now on. The destructor waits for it.
  virtual void begin_stop() {}
  // Any thread.
  virtual SloActionCounts counts() const = 0;
};

}  // namespace qaio
